def views_forward(buffers, parameters, constants, batch, start, time):
    concatenate_292_part = strided(buffers["concatenate_292"], None, 0, 0, (32, 2), (2, 1))
    parameter_1 = strided(parameters[1], None, 0, 0, (32, 2), (34, 1))
    concatenate_292_part_2 = strided(buffers["concatenate_292"], None, 0, 64, (2, 2), (2, 1))
    parameter_9 = strided(parameters[9], None, 0, 0, (2, 2), (34, 1))
    concatenate_295_part = strided(buffers["concatenate_295"], None, 0, 0, (32,), (1,))
    parameter_2 = strided(parameters[2], None, 0, 0, (32,), (1,))
    concatenate_295_part_2 = strided(buffers["concatenate_295"], None, 0, 32, (2,), (1,))
    parameter_10 = strided(parameters[10], None, 0, 0, (2,), (1,))
    concatenate_305_part = strided(buffers["concatenate_305"], None, 0, 0, (32, 32), (32, 1))
    parameter_3 = strided(parameters[3], None, 0, 0, (32, 32), (64, 1))
    concatenate_305_part_2 = strided(buffers["concatenate_305"], None, 0, 1024, (32, 32), (32, 1))
    parameter_5 = strided(parameters[5], None, 0, 0, (32, 32), (64, 1))
    concatenate_305_part_3 = strided(buffers["concatenate_305"], None, 0, 2048, (32, 32), (32, 1))
    parameter_7 = strided(parameters[7], None, 0, 0, (32, 32), (64, 1))
    concatenate_308_part = strided(buffers["concatenate_308"], None, 0, 0, (32,), (1,))
    parameter_4 = strided(parameters[4], None, 0, 0, (32,), (1,))
    concatenate_308_part_2 = strided(buffers["concatenate_308"], None, 0, 32, (32,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (32,), (1,))
    concatenate_308_part_3 = strided(buffers["concatenate_308"], None, 0, 64, (32,), (1,))
    parameter_8 = strided(parameters[8], None, 0, 0, (32,), (1,))
    concatenate_313_part = strided(buffers["concatenate_313"], None, 0, 0, (32, 32), (32, 1))
    parameter_3_2 = strided(parameters[3], None, 0, 32, (32, 32), (64, 1))
    concatenate_313_part_2 = strided(buffers["concatenate_313"], None, 0, 1024, (32, 32), (32, 1))
    parameter_5_2 = strided(parameters[5], None, 0, 32, (32, 32), (64, 1))
    add_296 = strided(buffers["add_296"], vocabulary, 34, 0, (34,), (1,))
    concatenate_295 = strided(buffers["concatenate_295"], None, 0, 0, (34,), (1,))
    concatenate_292 = strided(buffers["concatenate_292"], None, 0, 0, (34, 2), (2, 1))
    concatenate_292_t = concatenate_292.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    add_296_part = strided(buffers["add_296"], vocabulary, 34, 0, (32,), (1,))
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 32, (1) * batch * 32 + 0, (32,), (1,))
    tokens = buffers["tokens"][start : start + time].view(-1)
    add_296_part_2 = strided(buffers["add_296"], vocabulary, 34, 32, (2,), (1,))
    add_337 = strided(buffers["add_337"], time * batch, 2, 0, (2,), (1,))
    state_0_0_at = buffers["state_0_0"][0]
    state_0_0_next_2_steps = steps(buffers["state_0_0"], time, 1, 0, (32,), (1,))
    parameter_1_2 = strided(parameters[1], None, 0, 2, (32, 32), (34, 1))
    parameter_1_2_t = parameter_1_2.t()
    state_0_0_steps = steps(buffers["state_0_0"], time, 0, 0, (32,), (1,))
    add_309 = strided(buffers["add_309"], time * batch, 96, 0, (96,), (1,))
    concatenate_308 = strided(buffers["concatenate_308"], None, 0, 0, (96,), (1,))
    concatenate_305 = strided(buffers["concatenate_305"], None, 0, 0, (96, 32), (32, 1))
    concatenate_305_t = concatenate_305.t()
    state_1_0_at = buffers["state_1_0"][0]
    sigmoid_434_steps = steps(buffers["sigmoid_434"], time, 0, 0, (64,), (1,))
    add_309_part_steps = steps(buffers["add_309"], time, 0, 0, (64,), (1,))
    concatenate_313 = strided(buffers["concatenate_313"], None, 0, 0, (64, 32), (32, 1))
    concatenate_313_t = concatenate_313.t()
    state_1_0_steps = steps(buffers["state_1_0"], time, 0, 0, (32,), (1,))
    multiply_437_steps = steps(buffers["multiply_437"], time, 0, 0, (32,), (1,))
    sigmoid_434_part_steps = steps(buffers["sigmoid_434"], time, 0, 0, (32,), (1,))
    tanh_440_steps = steps(buffers["tanh_440"], time, 0, 0, (32,), (1,))
    add_309_part_2_steps = steps(buffers["add_309"], time, 0, 64, (32,), (1,))
    parameter_7_2 = strided(parameters[7], None, 0, 32, (32, 32), (64, 1))
    parameter_7_2_t = parameter_7_2.t()
    state_1_0_next_steps = steps(buffers["state_1_0"], time, 1, 0, (32,), (1,))
    sigmoid_434_part_2_steps = steps(buffers["sigmoid_434"], time, 0, 32, (32,), (1,))
    parameter_9_2 = strided(parameters[9], None, 0, 2, (2, 32), (34, 1))
    parameter_9_2_t = parameter_9_2.t()
    state_1_0_next_2 = strided(buffers["state_1_0"], time * batch, 32, (1) * batch * 32 + 0, (32,), (1,))
    return (concatenate_292_part, parameter_1, concatenate_292_part_2, parameter_9, concatenate_295_part, parameter_2, concatenate_295_part_2, parameter_10, concatenate_305_part, parameter_3, concatenate_305_part_2, parameter_5, concatenate_305_part_3, parameter_7, concatenate_308_part, parameter_4, concatenate_308_part_2, parameter_6, concatenate_308_part_3, parameter_8, concatenate_313_part, parameter_3_2, concatenate_313_part_2, parameter_5_2, add_296, concatenate_295, concatenate_292, concatenate_292_t, parameter_0, add_296_part, state_0_0_next, tokens, add_296_part_2, add_337, state_0_0_at, state_0_0_next_2_steps, parameter_1_2, parameter_1_2_t, state_0_0_steps, add_309, concatenate_308, concatenate_305, concatenate_305_t, state_1_0_at, sigmoid_434_steps, add_309_part_steps, concatenate_313, concatenate_313_t, state_1_0_steps, multiply_437_steps, sigmoid_434_part_steps, tanh_440_steps, add_309_part_2_steps, parameter_7_2, parameter_7_2_t, state_1_0_next_steps, sigmoid_434_part_2_steps, parameter_9_2, parameter_9_2_t, state_1_0_next_2,)

def forward(views, given):
    (concatenate_292_part, parameter_1, concatenate_292_part_2, parameter_9, concatenate_295_part, parameter_2, concatenate_295_part_2, parameter_10, concatenate_305_part, parameter_3, concatenate_305_part_2, parameter_5, concatenate_305_part_3, parameter_7, concatenate_308_part, parameter_4, concatenate_308_part_2, parameter_6, concatenate_308_part_3, parameter_8, concatenate_313_part, parameter_3_2, concatenate_313_part_2, parameter_5_2, add_296, concatenate_295, concatenate_292, concatenate_292_t, parameter_0, add_296_part, state_0_0_next, tokens, add_296_part_2, add_337, state_0_0_at, state_0_0_next_2_steps, parameter_1_2, parameter_1_2_t, state_0_0_steps, add_309, concatenate_308, concatenate_305, concatenate_305_t, state_1_0_at, sigmoid_434_steps, add_309_part_steps, concatenate_313, concatenate_313_t, state_1_0_steps, multiply_437_steps, sigmoid_434_part_steps, tanh_440_steps, add_309_part_2_steps, parameter_7_2, parameter_7_2_t, state_1_0_next_steps, sigmoid_434_part_2_steps, parameter_9_2, parameter_9_2_t, state_1_0_next_2,) = views
    # phase 0, all steps at once
    concatenate_292_part.copy_(parameter_1)
    concatenate_292_part_2.copy_(parameter_9)
    concatenate_295_part.copy_(parameter_2)
    concatenate_295_part_2.copy_(parameter_10)
    concatenate_305_part.copy_(parameter_3)
    concatenate_305_part_2.copy_(parameter_5)
    concatenate_305_part_3.copy_(parameter_7)
    concatenate_308_part.copy_(parameter_4)
    concatenate_308_part_2.copy_(parameter_6)
    concatenate_308_part_3.copy_(parameter_8)
    concatenate_313_part.copy_(parameter_3_2)
    concatenate_313_part_2.copy_(parameter_5_2)
    # phase 1, all steps at once
    addmm(concatenate_295, parameter_0, concatenate_292_t, out=add_296)
    # phase 2, all steps at once
    index_select(add_296_part, 0, tokens, out=state_0_0_next)
    index_select(add_296_part_2, 0, tokens, out=add_337)
    # layer 0, step by step
    if given is None:
        state_0_0_at.fill_(0.0)
    else:
        state_0_0_at.copy_(given[0].reshape(state_0_0_at.shape))
    for state_0_0_next_2, state_0_0 in zip(state_0_0_next_2_steps, state_0_0_steps):
        state_0_0_next_2.addmm_(state_0_0, parameter_1_2_t)
        tanh(state_0_0_next_2, out=state_0_0_next_2)
    # phase 4, all steps at once
    addmm(concatenate_308, state_0_0_next, concatenate_305_t, out=add_309)
    # layer 1, step by step
    if given is None:
        state_1_0_at.fill_(0.0)
    else:
        state_1_0_at.copy_(given[1].reshape(state_1_0_at.shape))
    for sigmoid_434, add_309_part, state_1_0, multiply_437, sigmoid_434_part, tanh_440, add_309_part_2, state_1_0_next, sigmoid_434_part_2 in zip(sigmoid_434_steps, add_309_part_steps, state_1_0_steps, multiply_437_steps, sigmoid_434_part_steps, tanh_440_steps, add_309_part_2_steps, state_1_0_next_steps, sigmoid_434_part_2_steps):
        addmm(add_309_part, state_1_0, concatenate_313_t, out=sigmoid_434)
        sigmoid(sigmoid_434, out=sigmoid_434)
        mul(sigmoid_434_part, state_1_0, out=multiply_437)
        addmm(add_309_part_2, multiply_437, parameter_7_2_t, out=tanh_440)
        tanh(tanh_440, out=tanh_440)
        lerp(state_1_0, tanh_440, sigmoid_434_part_2, out=state_1_0_next)
    # phase 6, all steps at once
    add_337.addmm_(state_1_0_next_2, parameter_9_2_t)
    # what is predicted
    return add_337


def views_backward(buffers, parameters, constants, batch, start, time):
    concatenate_390_part = strided(buffers["concatenate_390"], None, 0, 0, (32, 32), (32, 1))
    parameter_3 = strided(parameters[3], None, 0, 0, (32, 32), (64, 1))
    concatenate_390_part_2 = strided(buffers["concatenate_390"], None, 0, 1024, (32, 32), (32, 1))
    parameter_7 = strided(parameters[7], None, 0, 0, (32, 32), (64, 1))
    concatenate_390_part_3 = strided(buffers["concatenate_390"], None, 0, 2048, (32, 32), (32, 1))
    parameter_5 = strided(parameters[5], None, 0, 0, (32, 32), (64, 1))
    concatenate_419_part = strided(buffers["concatenate_419"], None, 0, 0, (2, 2), (2, 1))
    parameter_9 = strided(parameters[9], None, 0, 0, (2, 2), (34, 1))
    concatenate_419_part_2 = strided(buffers["concatenate_419"], None, 0, 4, (32, 2), (2, 1))
    parameter_1 = strided(parameters[1], None, 0, 0, (32, 2), (34, 1))
    multiply_575 = strided(buffers["multiply_575"], time * batch, 32, 0, (32,), (1,))
    number_0 = constants["number_0"]
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 32, (start + 1) * batch * 32 + 0, (32,), (1,))
    multiply_448 = strided(buffers["multiply_448"], time * batch, 32, 0, (32,), (1,))
    tanh_440 = strided(buffers["tanh_440"], time * batch, 32, (start) * batch * 32 + 0, (32,), (1,))
    sigmoid_434_part = strided(buffers["sigmoid_434"], time * batch, 64, (start) * batch * 64 + 32, (32,), (1,))
    concatenate_560_part = strided(buffers["concatenate_560"], time * batch, 96, 64, (32,), (1,))
    state_1_0 = strided(buffers["state_1_0"], time * batch, 32, (start) * batch * 32 + 0, (32,), (1,))
    subtract_501 = strided(buffers["subtract_501"], time * batch, 64, 0, (64,), (1,))
    sigmoid_434 = strided(buffers["sigmoid_434"], time * batch, 64, (start) * batch * 64 + 0, (64,), (1,))
    multiply_550 = strided(buffers["multiply_550"], time * batch, 64, 0, (64,), (1,))
    multiply_550_part = strided(buffers["multiply_550"], time * batch, 64, 32, (32,), (1,))
    concatenate_560_part_2 = strided(buffers["concatenate_560"], time * batch, 96, 0, (32,), (1,))
    multiply_550_part_2 = strided(buffers["multiply_550"], time * batch, 64, 0, (32,), (1,))
    concatenate_560_part_3 = strided(buffers["concatenate_560"], time * batch, 96, 32, (32,), (1,))
    carried_back_1_0_next = strided(buffers["carried_back_1_0"], time * batch, 32, (1) * batch * 32 + 0, (32,), (1,))
    parameter_9_2 = strided(parameters[9], None, 0, 2, (2, 32), (34, 1))
    cotangent = strided(buffers["cotangent"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    carried_back_1_0_at = buffers["carried_back_1_0"][0]
    carried_back_1_0_at_2 = buffers["carried_back_1_0"][time]
    carried_back_1_0_next_2_steps = steps(buffers["carried_back_1_0"], time, 1, 0, (32,), (1,), True)
    multiply_455 = strided(buffers["multiply_455"], batch, 32, 0, (32,), (1,))
    multiply_448_2_steps = steps(buffers["multiply_448"], time, 0, 0, (32,), (1,), True)
    linear_456 = strided(buffers["linear_456"], batch, 32, 0, (32,), (1,))
    parameter_7_2 = strided(parameters[7], None, 0, 32, (32, 32), (64, 1))
    concatenate_560_part_4_steps = steps(buffers["concatenate_560"], time, 0, 0, (32,), (1,), True)
    concatenate_560_part_5_steps = steps(buffers["concatenate_560"], time, 0, 32, (2, 32), (32, 1), True)
    carried_back_1_0_next_part_steps = steps(buffers["carried_back_1_0"], time, 1, 0, (2, 32), (0, 1), True)
    view_564_part = strided(buffers["view_564"], batch, 64, 0, (32,), (1,))
    concatenate_560_part_6_steps = steps(buffers["concatenate_560"], time, 0, 64, (32,), (1,), True)
    view_564_part_2 = strided(buffers["view_564"], batch, 64, 32, (32,), (1,))
    carried_back_1_0_steps = steps(buffers["carried_back_1_0"], time, 0, 0, (32,), (1,), True)
    sigmoid_434_part_2_steps = steps(buffers["sigmoid_434"], time, start, 0, (32,), (1,), True)
    subtract_501_part_steps = steps(buffers["subtract_501"], time, 0, 32, (32,), (1,), True)
    concatenate_313 = strided(buffers["concatenate_313"], None, 0, 0, (64, 32), (32, 1))
    view_564 = strided(buffers["view_564"], batch, 64, 0, (64,), (1,))
    carried_back_0_0_next = strided(buffers["carried_back_0_0"], time * batch, 32, (1) * batch * 32 + 0, (32,), (1,))
    concatenate_390 = strided(buffers["concatenate_390"], None, 0, 0, (96, 32), (32, 1))
    concatenate_560 = strided(buffers["concatenate_560"], time * batch, 96, 0, (96,), (1,))
    sum_of_columns_569 = strided(buffers["sum_of_columns_569"], None, 0, 0, (96,), (1,))
    concatenate_560_t = concatenate_560.t()
    outer_571 = strided(buffers["outer_571"], None, 0, 0, (96, 32), (32, 1))
    carried_back_0_0_at = buffers["carried_back_0_0"][0]
    carried_back_0_0_at_2 = buffers["carried_back_0_0"][time]
    carried_back_0_0_next_2_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (32,), (1,), True)
    multiply_575_2_steps = steps(buffers["multiply_575"], time, 0, 0, (32,), (1,), True)
    carried_back_0_0_steps = steps(buffers["carried_back_0_0"], time, 0, 0, (32,), (1,), True)
    parameter_1_2 = strided(parameters[1], None, 0, 2, (32, 32), (34, 1))
    sum_by_symbol_80 = strided(buffers["sum_by_symbol_80"], vocabulary, 2, 0, (2,), (1,))
    one_hot_t = buffers["one_hot"][start * batch : (start + time) * batch].t()
    concatenate_579_part = strided(buffers["concatenate_579"], vocabulary, 34, 2, (32,), (1,))
    cotangent_t = cotangent.t()
    state_1_0_next = strided(buffers["state_1_0"], time * batch, 32, (start + 1) * batch * 32 + 0, (32,), (1,))
    concatenate_560_part_3_t = concatenate_560_part_3.t()
    multiply_437 = strided(buffers["multiply_437"], time * batch, 32, (start) * batch * 32 + 0, (32,), (1,))
    concatenate_560_part_t = concatenate_560_part.t()
    concatenate_560_part_2_t = concatenate_560_part_2.t()
    multiply_575_t = multiply_575.t()
    state_0_0 = strided(buffers["state_0_0"], time * batch, 32, (start) * batch * 32 + 0, (32,), (1,))
    concatenate_579_part_2 = strided(buffers["concatenate_579"], vocabulary, 34, 0, (2,), (1,))
    linear_583 = strided(buffers["linear_583"], vocabulary, 2, 0, (2,), (1,))
    concatenate_419 = strided(buffers["concatenate_419"], None, 0, 0, (34, 2), (2, 1))
    concatenate_579 = strided(buffers["concatenate_579"], vocabulary, 34, 0, (34,), (1,))
    sum_by_symbol_80_t = sum_by_symbol_80.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    sum_of_columns_569_part = strided(buffers["sum_of_columns_569"], None, 0, 32, (32,), (1,))
    outer_571_part = strided(buffers["outer_571"], None, 0, 1024, (32, 32), (32, 1))
    sum_of_columns_569_part_2 = strided(buffers["sum_of_columns_569"], None, 0, 64, (32,), (1,))
    outer_571_part_2 = strided(buffers["outer_571"], None, 0, 2048, (32, 32), (32, 1))
    sum_of_columns_569_part_3 = strided(buffers["sum_of_columns_569"], None, 0, 0, (32,), (1,))
    outer_571_part_3 = strided(buffers["outer_571"], None, 0, 0, (32, 32), (32, 1))
    concatenate_579_part_t = concatenate_579_part.t()
    return (concatenate_390_part, parameter_3, concatenate_390_part_2, parameter_7, concatenate_390_part_3, parameter_5, concatenate_419_part, parameter_9, concatenate_419_part_2, parameter_1, multiply_575, number_0, state_0_0_next, multiply_448, tanh_440, sigmoid_434_part, concatenate_560_part, state_1_0, subtract_501, sigmoid_434, multiply_550, multiply_550_part, concatenate_560_part_2, multiply_550_part_2, concatenate_560_part_3, carried_back_1_0_next, parameter_9_2, cotangent, carried_back_1_0_at, carried_back_1_0_at_2, carried_back_1_0_next_2_steps, multiply_455, multiply_448_2_steps, linear_456, parameter_7_2, concatenate_560_part_4_steps, concatenate_560_part_5_steps, carried_back_1_0_next_part_steps, view_564_part, concatenate_560_part_6_steps, view_564_part_2, carried_back_1_0_steps, sigmoid_434_part_2_steps, subtract_501_part_steps, concatenate_313, view_564, carried_back_0_0_next, concatenate_390, concatenate_560, sum_of_columns_569, concatenate_560_t, outer_571, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_575_2_steps, carried_back_0_0_steps, parameter_1_2, sum_by_symbol_80, one_hot_t, concatenate_579_part, cotangent_t, state_1_0_next, concatenate_560_part_3_t, multiply_437, concatenate_560_part_t, concatenate_560_part_2_t, multiply_575_t, state_0_0, concatenate_579_part_2, linear_583, concatenate_419, concatenate_579, sum_by_symbol_80_t, parameter_0, sum_of_columns_569_part, outer_571_part, sum_of_columns_569_part_2, outer_571_part_2, sum_of_columns_569_part_3, outer_571_part_3, concatenate_579_part_t,)

def backward(stretches, given, finals_back, empty):
    (concatenate_390_part, parameter_3, concatenate_390_part_2, parameter_7, concatenate_390_part_3, parameter_5, concatenate_419_part, parameter_9, concatenate_419_part_2, parameter_1, multiply_575, number_0, state_0_0_next, multiply_448, tanh_440, sigmoid_434_part, concatenate_560_part, state_1_0, subtract_501, sigmoid_434, multiply_550, multiply_550_part, concatenate_560_part_2, multiply_550_part_2, concatenate_560_part_3, carried_back_1_0_next, parameter_9_2, cotangent, carried_back_1_0_at, carried_back_1_0_at_2, carried_back_1_0_next_2_steps, multiply_455, multiply_448_2_steps, linear_456, parameter_7_2, concatenate_560_part_4_steps, concatenate_560_part_5_steps, carried_back_1_0_next_part_steps, view_564_part, concatenate_560_part_6_steps, view_564_part_2, carried_back_1_0_steps, sigmoid_434_part_2_steps, subtract_501_part_steps, concatenate_313, view_564, carried_back_0_0_next, concatenate_390, concatenate_560, sum_of_columns_569, concatenate_560_t, outer_571, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_575_2_steps, carried_back_0_0_steps, parameter_1_2, sum_by_symbol_80, one_hot_t, concatenate_579_part, cotangent_t, state_1_0_next, concatenate_560_part_3_t, multiply_437, concatenate_560_part_t, concatenate_560_part_2_t, multiply_575_t, state_0_0, concatenate_579_part_2, linear_583, concatenate_419, concatenate_579, sum_by_symbol_80_t, parameter_0, sum_of_columns_569_part, outer_571_part, sum_of_columns_569_part_2, outer_571_part_2, sum_of_columns_569_part_3, outer_571_part_3, concatenate_579_part_t,) = stretches[0]
    # of the weights and the symbols alone
    concatenate_390_part.copy_(parameter_3)
    concatenate_390_part_2.copy_(parameter_7)
    concatenate_390_part_3.copy_(parameter_5)
    concatenate_419_part.copy_(parameter_9)
    concatenate_419_part_2.copy_(parameter_1)
    gradient_10 = empty((2,))
    gradient_9 = empty((2, 34))
    gradient_8 = empty((32,))
    gradient_7 = empty((32, 64))
    gradient_6 = empty((32,))
    gradient_5 = empty((32, 64))
    gradient_4 = empty((32,))
    gradient_3 = empty((32, 64))
    gradient_2 = empty((32,))
    gradient_1 = empty((32, 34))
    gradient_0 = empty((3, 2))
    first = True
    for concatenate_390_part, parameter_3, concatenate_390_part_2, parameter_7, concatenate_390_part_3, parameter_5, concatenate_419_part, parameter_9, concatenate_419_part_2, parameter_1, multiply_575, number_0, state_0_0_next, multiply_448, tanh_440, sigmoid_434_part, concatenate_560_part, state_1_0, subtract_501, sigmoid_434, multiply_550, multiply_550_part, concatenate_560_part_2, multiply_550_part_2, concatenate_560_part_3, carried_back_1_0_next, parameter_9_2, cotangent, carried_back_1_0_at, carried_back_1_0_at_2, carried_back_1_0_next_2_steps, multiply_455, multiply_448_2_steps, linear_456, parameter_7_2, concatenate_560_part_4_steps, concatenate_560_part_5_steps, carried_back_1_0_next_part_steps, view_564_part, concatenate_560_part_6_steps, view_564_part_2, carried_back_1_0_steps, sigmoid_434_part_2_steps, subtract_501_part_steps, concatenate_313, view_564, carried_back_0_0_next, concatenate_390, concatenate_560, sum_of_columns_569, concatenate_560_t, outer_571, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_575_2_steps, carried_back_0_0_steps, parameter_1_2, sum_by_symbol_80, one_hot_t, concatenate_579_part, cotangent_t, state_1_0_next, concatenate_560_part_3_t, multiply_437, concatenate_560_part_t, concatenate_560_part_2_t, multiply_575_t, state_0_0, concatenate_579_part_2, linear_583, concatenate_419, concatenate_579, sum_by_symbol_80_t, parameter_0, sum_of_columns_569_part, outer_571_part, sum_of_columns_569_part_2, outer_571_part_2, sum_of_columns_569_part_3, outer_571_part_3, concatenate_579_part_t, in stretches:
        # phase 7, all steps of the stretch
        addcmul(number_0, state_0_0_next, state_0_0_next, value=-1, out=multiply_575)
        addcmul(number_0, tanh_440, tanh_440, value=-1, out=multiply_448)
        mul(sigmoid_434_part, multiply_448, out=multiply_448)
        sub(tanh_440, state_1_0, out=concatenate_560_part)
        sub(number_0, sigmoid_434, out=subtract_501)
        mul(sigmoid_434, subtract_501, out=multiply_550)
        mul(concatenate_560_part, multiply_550_part, out=concatenate_560_part)
        mul(state_1_0, multiply_550_part_2, out=concatenate_560_part_2)
        concatenate_560_part_3.copy_(multiply_448)
        mm(cotangent, parameter_9_2, out=carried_back_1_0_next)
        # layer 1, step by step back
        carried_back_1_0_at_2.add_(finals_back[1].reshape(carried_back_1_0_at_2.shape) if first else carried_back_1_0_at)
        carried_back_1_0_at.zero_()
        for carried_back_1_0_next_2, multiply_448_2, concatenate_560_part_4, concatenate_560_part_5, carried_back_1_0_next_part, concatenate_560_part_6, carried_back_1_0, sigmoid_434_part_2, subtract_501_part in zip(carried_back_1_0_next_2_steps, multiply_448_2_steps, concatenate_560_part_4_steps, concatenate_560_part_5_steps, carried_back_1_0_next_part_steps, concatenate_560_part_6_steps, carried_back_1_0_steps, sigmoid_434_part_2_steps, subtract_501_part_steps):
            mul(carried_back_1_0_next_2, multiply_448_2, out=multiply_455)
            mm(multiply_455, parameter_7_2, out=linear_456)
            mul(linear_456, concatenate_560_part_4, out=concatenate_560_part_4)
            mul(carried_back_1_0_next_part, concatenate_560_part_5, out=concatenate_560_part_5)
            view_564_part.copy_(concatenate_560_part_4)
            view_564_part_2.copy_(concatenate_560_part_6)
            carried_back_1_0.addcmul_(linear_456, sigmoid_434_part_2)
            carried_back_1_0.addcmul_(carried_back_1_0_next_2, subtract_501_part)
            carried_back_1_0.addmm_(view_564, concatenate_313)
        # phase 9, all steps of the stretch
        mm(concatenate_560, concatenate_390, out=carried_back_0_0_next)
        total(concatenate_560, 0, out=sum_of_columns_569) if first else sum_of_columns_569.add_(concatenate_560.sum(0))
        mm(concatenate_560_t, state_0_0_next, out=outer_571) if first else outer_571.addmm_(concatenate_560_t, state_0_0_next)
        # layer 0, step by step back
        carried_back_0_0_at_2.add_(finals_back[0].reshape(carried_back_0_0_at_2.shape) if first else carried_back_0_0_at)
        carried_back_0_0_at.zero_()
        for carried_back_0_0_next_2, multiply_575_2, carried_back_0_0 in zip(carried_back_0_0_next_2_steps, multiply_575_2_steps, carried_back_0_0_steps):
            mul(carried_back_0_0_next_2, multiply_575_2, out=multiply_575_2)
            carried_back_0_0.addmm_(multiply_575_2, parameter_1_2)
        # phase 12, all steps of the stretch
        mm(one_hot_t, cotangent, out=sum_by_symbol_80) if first else sum_by_symbol_80.addmm_(one_hot_t, cotangent)
        mm(one_hot_t, multiply_575, out=concatenate_579_part) if first else concatenate_579_part.addmm_(one_hot_t, multiply_575)
        # into the gradients
        mm(cotangent_t, state_1_0_next, out=gradient_9[0:2, 2:34]) if first else gradient_9[0:2, 2:34].addmm_(cotangent_t, state_1_0_next)
        mm(concatenate_560_part_3_t, multiply_437, out=gradient_7[0:32, 32:64]) if first else gradient_7[0:32, 32:64].addmm_(concatenate_560_part_3_t, multiply_437)
        mm(concatenate_560_part_t, state_1_0, out=gradient_5[0:32, 32:64]) if first else gradient_5[0:32, 32:64].addmm_(concatenate_560_part_t, state_1_0)
        mm(concatenate_560_part_2_t, state_1_0, out=gradient_3[0:32, 32:64]) if first else gradient_3[0:32, 32:64].addmm_(concatenate_560_part_2_t, state_1_0)
        mm(multiply_575_t, state_0_0, out=gradient_1[0:32, 2:34]) if first else gradient_1[0:32, 2:34].addmm_(multiply_575_t, state_0_0)
        first = False
    # when all steps are done
    concatenate_579_part_2.copy_(sum_by_symbol_80)
    mm(concatenate_579, concatenate_419, out=linear_583)
    # into the gradients
    total(sum_by_symbol_80, 0, out=gradient_10)
    mm(sum_by_symbol_80_t, parameter_0, out=gradient_9[0:2, 0:2])
    gradient_8.copy_(sum_of_columns_569_part)
    gradient_7[0:32, 0:32].copy_(outer_571_part)
    gradient_6.copy_(sum_of_columns_569_part_2)
    gradient_5[0:32, 0:32].copy_(outer_571_part_2)
    gradient_4.copy_(sum_of_columns_569_part_3)
    gradient_3[0:32, 0:32].copy_(outer_571_part_3)
    total(concatenate_579_part, 0, out=gradient_2)
    mm(concatenate_579_part_t, parameter_0, out=gradient_1[0:32, 0:2])
    gradient_0.copy_(linear_583)
    return [gradient_0, gradient_1, gradient_2, gradient_3, gradient_4, gradient_5, gradient_6, gradient_7, gradient_8, gradient_9, gradient_10]

# forward: states state_0_0, 32
# forward: states state_1_0, 32
# forward: steps add_337, 2
# forward: steps tanh_440, 32
# forward: steps multiply_437, 32
# forward: steps sigmoid_434, 64
# forward: steps add_309, 96
# forward: vocabulary add_296, 34
# forward: one concatenate_313, 2048
# forward: one concatenate_308, 96
# forward: one concatenate_305, 3072
# forward: one concatenate_295, 34
# forward: one concatenate_292, 68
# backward: carry carried_back_0_0, 32
# backward: carry carried_back_1_0, 32
# backward: steps cotangent, 2
# backward: vocabulary linear_583, 2
# backward: vocabulary concatenate_579, 34
# backward: vocabulary sum_by_symbol_80, 2
# backward: stretch multiply_575, 32
# backward: one outer_571, 3072
# backward: one sum_of_columns_569, 96
# backward: scratch view_564, 64, zeros
# backward: stretch concatenate_560, 96
# backward: scratch linear_456, 32
# backward: scratch multiply_455, 32
# backward: stretch multiply_550, 64
# backward: stretch subtract_501, 64
# backward: stretch multiply_448, 32
# backward: one concatenate_419, 68
# backward: one concatenate_390, 3072
# number_0 = 1.0
