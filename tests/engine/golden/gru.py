def views_forward(buffers, parameters, constants, batch, start, time):
    parameter_2 = strided(parameters[2], None, 0, 0, (5, 2), (2, 1))
    parameter_1 = strided(parameters[1], None, 0, 0, (2,), (1,))
    add_288_part = strided(buffers["add_288"], None, 0, 0, (5,), (1,))
    parameter_3 = strided(parameters[3], None, 0, 0, (5,), (1,))
    parameter_2_2 = strided(parameters[2], None, 0, 10, (5, 2), (2, 1))
    add_288_part_2 = strided(buffers["add_288"], None, 0, 5, (5,), (1,))
    parameter_3_2 = strided(parameters[3], None, 0, 5, (5,), (1,))
    parameter_2_3 = strided(parameters[2], None, 0, 20, (5, 2), (2, 1))
    add_288_part_3 = strided(buffers["add_288"], None, 0, 10, (5,), (1,))
    concatenate_287_part = strided(buffers["concatenate_287"], None, 0, 0, (10,), (1,))
    parameter_5 = strided(parameters[5], None, 0, 0, (10,), (1,))
    concatenate_287_part_2 = strided(buffers["concatenate_287"], None, 0, 10, (5,), (1,))
    parameter_3_3 = strided(parameters[3], None, 0, 10, (5,), (1,))
    add_288 = strided(buffers["add_288"], None, 0, 0, (15,), (1,))
    concatenate_287 = strided(buffers["concatenate_287"], None, 0, 0, (15,), (1,))
    linear_2 = strided(buffers["linear_2"], time * batch, 2, 0, (2,), (1,))
    parameter_0 = strided(parameters[0], None, 0, 0, (2, 3), (3, 1))
    parameter_0_t = parameter_0.t()
    inputs = strided(buffers["inputs"], time * batch, 3, 0, (3,), (1,))
    add_289 = strided(buffers["add_289"], time * batch, 15, 0, (15,), (1,))
    parameter_2_4 = strided(parameters[2], None, 0, 0, (15, 2), (2, 1))
    parameter_2_4_t = parameter_2_4.t()
    add_296_part = strided(buffers["add_296"], time * batch, 15, 0, (10,), (1,))
    add_289_part = strided(buffers["add_289"], time * batch, 15, 0, (10,), (1,))
    add_296_part_2 = strided(buffers["add_296"], time * batch, 15, 10, (5,), (1,))
    parameter_5_2 = strided(parameters[5], None, 0, 10, (5,), (1,))
    state_0_0_at = buffers["state_0_0"][0]
    add_296_steps = steps(buffers["add_296"], time, 0, 0, (15,), (1,))
    parameter_4 = strided(parameters[4], None, 0, 0, (15, 5), (5, 1))
    parameter_4_t = parameter_4.t()
    state_0_0_steps = steps(buffers["state_0_0"], time, 0, 0, (5,), (1,))
    add_296_part_3_steps = steps(buffers["add_296"], time, 0, 0, (10,), (1,))
    tanh_438_steps = steps(buffers["tanh_438"], time, 0, 0, (5,), (1,))
    add_289_part_2_steps = steps(buffers["add_289"], time, 0, 10, (5,), (1,))
    add_296_part_4_steps = steps(buffers["add_296"], time, 0, 0, (5,), (1,))
    add_296_part_5_steps = steps(buffers["add_296"], time, 0, 10, (5,), (1,))
    state_0_0_next_steps = steps(buffers["state_0_0"], time, 1, 0, (5,), (1,))
    add_296_part_6_steps = steps(buffers["add_296"], time, 0, 5, (5,), (1,))
    add_170 = strided(buffers["add_170"], time * batch, 2, 0, (2,), (1,))
    parameter_7 = strided(parameters[7], None, 0, 0, (2,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (2, 5), (5, 1))
    parameter_6_t = parameter_6.t()
    state_0_0_next_2 = strided(buffers["state_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    return (parameter_2, parameter_1, add_288_part, parameter_3, parameter_2_2, add_288_part_2, parameter_3_2, parameter_2_3, add_288_part_3, concatenate_287_part, parameter_5, concatenate_287_part_2, parameter_3_3, add_288, concatenate_287, linear_2, parameter_0, parameter_0_t, inputs, add_289, parameter_2_4, parameter_2_4_t, add_296_part, add_289_part, add_296_part_2, parameter_5_2, state_0_0_at, add_296_steps, parameter_4, parameter_4_t, state_0_0_steps, add_296_part_3_steps, tanh_438_steps, add_289_part_2_steps, add_296_part_4_steps, add_296_part_5_steps, state_0_0_next_steps, add_296_part_6_steps, add_170, parameter_7, parameter_6, parameter_6_t, state_0_0_next_2,)

def forward(views, given):
    (parameter_2, parameter_1, add_288_part, parameter_3, parameter_2_2, add_288_part_2, parameter_3_2, parameter_2_3, add_288_part_3, concatenate_287_part, parameter_5, concatenate_287_part_2, parameter_3_3, add_288, concatenate_287, linear_2, parameter_0, parameter_0_t, inputs, add_289, parameter_2_4, parameter_2_4_t, add_296_part, add_289_part, add_296_part_2, parameter_5_2, state_0_0_at, add_296_steps, parameter_4, parameter_4_t, state_0_0_steps, add_296_part_3_steps, tanh_438_steps, add_289_part_2_steps, add_296_part_4_steps, add_296_part_5_steps, state_0_0_next_steps, add_296_part_6_steps, add_170, parameter_7, parameter_6, parameter_6_t, state_0_0_next_2,) = views
    # phase 0, all steps at once
    mv(parameter_2, parameter_1, out=add_288_part)
    add_288_part.add_(parameter_3)
    mv(parameter_2_2, parameter_1, out=add_288_part_2)
    add_288_part_2.add_(parameter_3_2)
    mv(parameter_2_3, parameter_1, out=add_288_part_3)
    concatenate_287_part.copy_(parameter_5)
    concatenate_287_part_2.copy_(parameter_3_3)
    add_288.add_(concatenate_287)
    # phase 2, all steps at once
    mm(inputs, parameter_0_t, out=linear_2)
    addmm(add_288, linear_2, parameter_2_4_t, out=add_289)
    add_296_part.copy_(add_289_part)
    add_296_part_2.copy_(parameter_5_2)
    # layer 0, step by step
    if given is None:
        state_0_0_at.fill_(0.0)
    else:
        state_0_0_at.copy_(given[0].reshape(state_0_0_at.shape))
    for add_296, state_0_0, add_296_part_3, tanh_438, add_289_part_2, add_296_part_4, add_296_part_5, state_0_0_next, add_296_part_6 in zip(add_296_steps, state_0_0_steps, add_296_part_3_steps, tanh_438_steps, add_289_part_2_steps, add_296_part_4_steps, add_296_part_5_steps, state_0_0_next_steps, add_296_part_6_steps):
        add_296.addmm_(state_0_0, parameter_4_t)
        sigmoid(add_296_part_3, out=add_296_part_3)
        addcmul(add_289_part_2, add_296_part_4, add_296_part_5, value=1, out=tanh_438)
        tanh(tanh_438, out=tanh_438)
        lerp(tanh_438, state_0_0, add_296_part_6, out=state_0_0_next)
    # phase 4, all steps at once
    addmm(parameter_7, state_0_0_next_2, parameter_6_t, out=add_170)
    # what is predicted
    return add_170


def views_backward(buffers, parameters, constants, batch, start, time):
    multiply_508 = strided(buffers["multiply_508"], time * batch, 5, 0, (5,), (1,))
    number_0 = constants["number_0"]
    tanh_438 = strided(buffers["tanh_438"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    multiply_565_part = strided(buffers["multiply_565"], time * batch, 15, 5, (5,), (1,))
    state_0_0 = strided(buffers["state_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    subtract_503 = strided(buffers["subtract_503"], time * batch, 10, 0, (10,), (1,))
    add_296_part = strided(buffers["add_296"], time * batch, 15, (start) * batch * 15 + 0, (10,), (1,))
    subtract_503_part = strided(buffers["subtract_503"], time * batch, 10, 5, (5,), (1,))
    multiply_565_part_2 = strided(buffers["multiply_565"], time * batch, 15, 0, (5,), (1,))
    add_296_part_2 = strided(buffers["add_296"], time * batch, 15, (start) * batch * 15 + 10, (5,), (1,))
    concatenate_569_part = strided(buffers["concatenate_569"], time * batch, 15, 10, (5,), (1,))
    add_296_part_3 = strided(buffers["add_296"], time * batch, 15, (start) * batch * 15 + 0, (5,), (1,))
    multiply_558 = strided(buffers["multiply_558"], time * batch, 10, 0, (10,), (1,))
    multiply_558_part = strided(buffers["multiply_558"], time * batch, 10, 5, (5,), (1,))
    multiply_558_part_2 = strided(buffers["multiply_558"], time * batch, 10, 0, (5,), (1,))
    multiply_565_part_3 = strided(buffers["multiply_565"], time * batch, 15, 10, (5,), (1,))
    carried_back_0_0_next = strided(buffers["carried_back_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (2, 5), (5, 1))
    cotangent = strided(buffers["cotangent"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    carried_back_0_0_at = buffers["carried_back_0_0"][0]
    carried_back_0_0_at_2 = buffers["carried_back_0_0"][time]
    carried_back_0_0_next_2_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (5,), (1,), True)
    concatenate_569_part_2_steps = steps(buffers["concatenate_569"], time, 0, 10, (5,), (1,), True)
    multiply_565_steps = steps(buffers["multiply_565"], time, 0, 0, (3, 5), (5, 1), True)
    carried_back_0_0_next_part_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (3, 5), (0, 1), True)
    concatenate_569_part_3_steps = steps(buffers["concatenate_569"], time, 0, 0, (10,), (1,), True)
    multiply_565_part_4_steps = steps(buffers["multiply_565"], time, 0, 0, (10,), (1,), True)
    carried_back_0_0_steps = steps(buffers["carried_back_0_0"], time, 0, 0, (5,), (1,), True)
    add_296_part_4_steps = steps(buffers["add_296"], time, start, 5, (5,), (1,), True)
    parameter_4 = strided(parameters[4], None, 0, 0, (15, 5), (5, 1))
    concatenate_569_steps = steps(buffers["concatenate_569"], time, 0, 0, (15,), (1,), True)
    linear_572 = strided(buffers["linear_572"], time * batch, 2, 0, (2,), (1,))
    parameter_2 = strided(parameters[2], None, 0, 0, (15, 2), (2, 1))
    multiply_565_2 = strided(buffers["multiply_565"], time * batch, 15, 0, (15,), (1,))
    concatenate_569_2 = strided(buffers["concatenate_569"], time * batch, 15, 0, (15,), (1,))
    sum_of_columns_574 = strided(buffers["sum_of_columns_574"], None, 0, 0, (15,), (1,))
    sum_of_columns_576 = strided(buffers["sum_of_columns_576"], None, 0, 0, (5,), (1,))
    multiply_565_part_3_t = multiply_565_part_3.t()
    linear_2 = strided(buffers["linear_2"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    outer_577 = strided(buffers["outer_577"], None, 0, 0, (5, 2), (2, 1))
    concatenate_569_part_4 = strided(buffers["concatenate_569"], time * batch, 15, 0, (10,), (1,))
    concatenate_569_part_4_t = concatenate_569_part_4.t()
    outer_578 = strided(buffers["outer_578"], None, 0, 0, (10, 2), (2, 1))
    stored_609 = strided(buffers["stored_609"], time * batch, 3, (start) * batch * 3 + 0, (3,), (1,))
    parameter_0 = strided(parameters[0], None, 0, 0, (2, 3), (3, 1))
    cotangent_t = cotangent.t()
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 5, (start + 1) * batch * 5 + 0, (5,), (1,))
    concatenate_569_2_t = concatenate_569_2.t()
    linear_572_t = linear_572.t()
    inputs = strided(buffers["inputs"], time * batch, 3, (start) * batch * 3 + 0, (3,), (1,))
    parameter_2_2 = strided(parameters[2], None, 0, 20, (5, 2), (2, 1))
    parameter_2_2_t = parameter_2_2.t()
    linear_592 = strided(buffers["linear_592"], None, 0, 0, (2,), (1,))
    add_595 = strided(buffers["add_595"], None, 0, 0, (5, 2), (2, 1))
    sum_of_columns_576_part = strided(buffers["sum_of_columns_576"], None, 0, 0, (5, 2), (1, 0))
    parameter_1 = strided(parameters[1], None, 0, 0, (5, 2), (0, 1))
    parameter_2_3 = strided(parameters[2], None, 0, 10, (5, 2), (2, 1))
    sum_of_columns_574_part = strided(buffers["sum_of_columns_574"], None, 0, 5, (5,), (1,))
    parameter_2_3_t = parameter_2_3.t()
    linear_597 = strided(buffers["linear_597"], None, 0, 0, (2,), (1,))
    add_600 = strided(buffers["add_600"], None, 0, 0, (5, 2), (2, 1))
    outer_578_part = strided(buffers["outer_578"], None, 0, 10, (5, 2), (2, 1))
    sum_of_columns_574_part_2 = strided(buffers["sum_of_columns_574"], None, 0, 5, (5, 2), (1, 0))
    parameter_2_4 = strided(parameters[2], None, 0, 0, (5, 2), (2, 1))
    sum_of_columns_574_part_3 = strided(buffers["sum_of_columns_574"], None, 0, 0, (5,), (1,))
    parameter_2_4_t = parameter_2_4.t()
    linear_602 = strided(buffers["linear_602"], None, 0, 0, (2,), (1,))
    add_605 = strided(buffers["add_605"], None, 0, 0, (5, 2), (2, 1))
    outer_578_part_2 = strided(buffers["outer_578"], None, 0, 0, (5, 2), (2, 1))
    sum_of_columns_574_part_4 = strided(buffers["sum_of_columns_574"], None, 0, 0, (5, 2), (1, 0))
    sum_of_columns_574_part_5 = strided(buffers["sum_of_columns_574"], None, 0, 0, (10,), (1,))
    return (multiply_508, number_0, tanh_438, multiply_565_part, state_0_0, subtract_503, add_296_part, subtract_503_part, multiply_565_part_2, add_296_part_2, concatenate_569_part, add_296_part_3, multiply_558, multiply_558_part, multiply_558_part_2, multiply_565_part_3, carried_back_0_0_next, parameter_6, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, concatenate_569_part_2_steps, multiply_565_steps, carried_back_0_0_next_part_steps, concatenate_569_part_3_steps, multiply_565_part_4_steps, carried_back_0_0_steps, add_296_part_4_steps, parameter_4, concatenate_569_steps, linear_572, parameter_2, multiply_565_2, concatenate_569_2, sum_of_columns_574, sum_of_columns_576, multiply_565_part_3_t, linear_2, outer_577, concatenate_569_part_4, concatenate_569_part_4_t, outer_578, stored_609, parameter_0, cotangent_t, state_0_0_next, concatenate_569_2_t, linear_572_t, inputs, parameter_2_2, parameter_2_2_t, linear_592, add_595, sum_of_columns_576_part, parameter_1, parameter_2_3, sum_of_columns_574_part, parameter_2_3_t, linear_597, add_600, outer_578_part, sum_of_columns_574_part_2, parameter_2_4, sum_of_columns_574_part_3, parameter_2_4_t, linear_602, add_605, outer_578_part_2, sum_of_columns_574_part_4, sum_of_columns_574_part_5,)

def backward(stretches, given, finals_back, empty):
    (multiply_508, number_0, tanh_438, multiply_565_part, state_0_0, subtract_503, add_296_part, subtract_503_part, multiply_565_part_2, add_296_part_2, concatenate_569_part, add_296_part_3, multiply_558, multiply_558_part, multiply_558_part_2, multiply_565_part_3, carried_back_0_0_next, parameter_6, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, concatenate_569_part_2_steps, multiply_565_steps, carried_back_0_0_next_part_steps, concatenate_569_part_3_steps, multiply_565_part_4_steps, carried_back_0_0_steps, add_296_part_4_steps, parameter_4, concatenate_569_steps, linear_572, parameter_2, multiply_565_2, concatenate_569_2, sum_of_columns_574, sum_of_columns_576, multiply_565_part_3_t, linear_2, outer_577, concatenate_569_part_4, concatenate_569_part_4_t, outer_578, stored_609, parameter_0, cotangent_t, state_0_0_next, concatenate_569_2_t, linear_572_t, inputs, parameter_2_2, parameter_2_2_t, linear_592, add_595, sum_of_columns_576_part, parameter_1, parameter_2_3, sum_of_columns_574_part, parameter_2_3_t, linear_597, add_600, outer_578_part, sum_of_columns_574_part_2, parameter_2_4, sum_of_columns_574_part_3, parameter_2_4_t, linear_602, add_605, outer_578_part_2, sum_of_columns_574_part_4, sum_of_columns_574_part_5,) = stretches[0]
    gradient_7 = empty((2,))
    gradient_6 = empty((2, 5))
    gradient_5 = empty((15,))
    gradient_4 = empty((15, 5))
    gradient_3 = empty((15,))
    gradient_2 = empty((15, 2))
    gradient_1 = empty((2,))
    gradient_0 = empty((2, 3))
    first = True
    for multiply_508, number_0, tanh_438, multiply_565_part, state_0_0, subtract_503, add_296_part, subtract_503_part, multiply_565_part_2, add_296_part_2, concatenate_569_part, add_296_part_3, multiply_558, multiply_558_part, multiply_558_part_2, multiply_565_part_3, carried_back_0_0_next, parameter_6, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, concatenate_569_part_2_steps, multiply_565_steps, carried_back_0_0_next_part_steps, concatenate_569_part_3_steps, multiply_565_part_4_steps, carried_back_0_0_steps, add_296_part_4_steps, parameter_4, concatenate_569_steps, linear_572, parameter_2, multiply_565_2, concatenate_569_2, sum_of_columns_574, sum_of_columns_576, multiply_565_part_3_t, linear_2, outer_577, concatenate_569_part_4, concatenate_569_part_4_t, outer_578, stored_609, parameter_0, cotangent_t, state_0_0_next, concatenate_569_2_t, linear_572_t, inputs, parameter_2_2, parameter_2_2_t, linear_592, add_595, sum_of_columns_576_part, parameter_1, parameter_2_3, sum_of_columns_574_part, parameter_2_3_t, linear_597, add_600, outer_578_part, sum_of_columns_574_part_2, parameter_2_4, sum_of_columns_574_part_3, parameter_2_4_t, linear_602, add_605, outer_578_part_2, sum_of_columns_574_part_4, sum_of_columns_574_part_5, in stretches:
        # phase 5, all steps of the stretch
        addcmul(number_0, tanh_438, tanh_438, value=-1, out=multiply_508)
        sub(state_0_0, tanh_438, out=multiply_565_part)
        sub(number_0, add_296_part, out=subtract_503)
        mul(subtract_503_part, multiply_508, out=multiply_508)
        mul(multiply_508, add_296_part_2, out=multiply_565_part_2)
        mul(multiply_508, add_296_part_3, out=concatenate_569_part)
        mul(add_296_part, subtract_503, out=multiply_558)
        mul(multiply_565_part, multiply_558_part, out=multiply_565_part)
        mul(multiply_565_part_2, multiply_558_part_2, out=multiply_565_part_2)
        multiply_565_part_3.copy_(multiply_508)
        mm(cotangent, parameter_6, out=carried_back_0_0_next)
        # layer 0, step by step back
        carried_back_0_0_at_2.add_(finals_back[0].reshape(carried_back_0_0_at_2.shape) if first else carried_back_0_0_at)
        carried_back_0_0_at.zero_()
        for carried_back_0_0_next_2, concatenate_569_part_2, multiply_565, carried_back_0_0_next_part, concatenate_569_part_3, multiply_565_part_4, carried_back_0_0, add_296_part_4, concatenate_569 in zip(carried_back_0_0_next_2_steps, concatenate_569_part_2_steps, multiply_565_steps, carried_back_0_0_next_part_steps, concatenate_569_part_3_steps, multiply_565_part_4_steps, carried_back_0_0_steps, add_296_part_4_steps, concatenate_569_steps):
            mul(carried_back_0_0_next_2, concatenate_569_part_2, out=concatenate_569_part_2)
            mul(carried_back_0_0_next_part, multiply_565, out=multiply_565)
            concatenate_569_part_3.copy_(multiply_565_part_4)
            carried_back_0_0.addcmul_(carried_back_0_0_next_2, add_296_part_4)
            carried_back_0_0.addmm_(concatenate_569, parameter_4)
        # phase 7, all steps of the stretch
        mm(multiply_565_2, parameter_2, out=linear_572)
        total(concatenate_569_2, 0, out=sum_of_columns_574) if first else sum_of_columns_574.add_(concatenate_569_2.sum(0))
        total(multiply_565_part_3, 0, out=sum_of_columns_576) if first else sum_of_columns_576.add_(multiply_565_part_3.sum(0))
        mm(multiply_565_part_3_t, linear_2, out=outer_577) if first else outer_577.addmm_(multiply_565_part_3_t, linear_2)
        mm(concatenate_569_part_4_t, linear_2, out=outer_578) if first else outer_578.addmm_(concatenate_569_part_4_t, linear_2)
        mm(linear_572, parameter_0, out=stored_609)
        # into the gradients
        total(cotangent, 0, out=gradient_7) if first else gradient_7.add_(cotangent.sum(0))
        mm(cotangent_t, state_0_0_next, out=gradient_6) if first else gradient_6.addmm_(cotangent_t, state_0_0_next)
        mm(concatenate_569_2_t, state_0_0, out=gradient_4) if first else gradient_4.addmm_(concatenate_569_2_t, state_0_0)
        mm(linear_572_t, inputs, out=gradient_0) if first else gradient_0.addmm_(linear_572_t, inputs)
        first = False
    # when all steps are done
    mv(parameter_2_2_t, sum_of_columns_576, out=linear_592)
    addcmul(outer_577, sum_of_columns_576_part, parameter_1, value=1, out=add_595)
    mv(parameter_2_3_t, sum_of_columns_574_part, out=linear_597)
    addcmul(outer_578_part, sum_of_columns_574_part_2, parameter_1, value=1, out=add_600)
    mv(parameter_2_4_t, sum_of_columns_574_part_3, out=linear_602)
    addcmul(outer_578_part_2, sum_of_columns_574_part_4, parameter_1, value=1, out=add_605)
    # into the gradients
    gradient_5.copy_(sum_of_columns_574)
    gradient_3[10:15].copy_(sum_of_columns_576)
    gradient_3[0:10].copy_(sum_of_columns_574_part_5)
    gradient_2[10:15, 0:2].copy_(add_595)
    gradient_2[5:10, 0:2].copy_(add_600)
    gradient_2[0:5, 0:2].copy_(add_605)
    gradient_1.copy_(linear_592)
    gradient_1.add_(linear_597)
    gradient_1.add_(linear_602)
    return [gradient_0, gradient_1, gradient_2, gradient_3, gradient_4, gradient_5, gradient_6, gradient_7]


def inputs_back(buffers, parameters, constants, batch, start, time):
    stored_609 = strided(buffers["stored_609"], time * batch, 3, (start) * batch * 3 + 0, (3,), (1,))
    return stored_609

# forward: states state_0_0, 5
# forward: steps inputs, 3
# forward: steps add_170, 2
# forward: steps tanh_438, 5
# forward: steps add_296, 15
# forward: steps add_289, 15
# forward: steps linear_2, 2
# forward: one add_288, 15
# forward: one concatenate_287, 15
# backward: carry carried_back_0_0, 5
# backward: steps cotangent, 2
# backward: one add_605, 10
# backward: one linear_602, 2
# backward: one add_600, 10
# backward: one linear_597, 2
# backward: one add_595, 10
# backward: one linear_592, 2
# backward: steps stored_609, 3
# backward: one outer_578, 20
# backward: one outer_577, 10
# backward: one sum_of_columns_576, 5
# backward: one sum_of_columns_574, 15
# backward: stretch linear_572, 2
# backward: stretch concatenate_569, 15
# backward: stretch multiply_565, 15
# backward: stretch multiply_558, 10
# backward: stretch multiply_508, 5
# backward: stretch subtract_503, 10
# number_0 = 1.0
