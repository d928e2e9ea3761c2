def views_forward(buffers, parameters, constants, batch, start, time):
    concatenate_519_part = strided(buffers["concatenate_519"], None, 0, 0, (3, 5), (5, 1))
    parameter_3 = strided(parameters[3], None, 0, 0, (3, 5), (5, 1))
    concatenate_519_part_2 = strided(buffers["concatenate_519"], None, 0, 15, (8, 5), (5, 1))
    parameter_5 = strided(parameters[5], None, 0, 0, (8, 5), (5, 1))
    concatenate_523_part = strided(buffers["concatenate_523"], None, 0, 0, (3,), (1,))
    concatenate_523_part_2 = strided(buffers["concatenate_523"], None, 0, 3, (8,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (8,), (1,))
    add_353 = strided(buffers["add_353"], vocabulary, 5, 0, (5,), (1,))
    parameter_2 = strided(parameters[2], None, 0, 0, (5,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 0, (5, 2), (15, 1))
    parameter_1_t = parameter_1.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    tokens = buffers["tokens"][start : start + time].view(-1)
    state_0_0_at = buffers["state_0_0"][0]
    state_0_1_at = buffers["state_0_1"][0]
    concatenate_77_part_steps = steps(buffers["concatenate_77"], time, 0, 0, (16,), (1,))
    state_0_1_part_steps = steps(buffers["state_0_1"], time, 0, 8, (16,), (1,))
    concatenate_77_part_2_steps = steps(buffers["concatenate_77"], time, 0, 16, (8,), (1,))
    state_0_0_next_2_steps = steps(buffers["state_0_0"], time, 1, 0, (5,), (1,))
    parameter_1_2 = strided(parameters[1], None, 0, 10, (5, 5), (15, 1))
    parameter_1_2_t = parameter_1_2.t()
    state_0_0_steps = steps(buffers["state_0_0"], time, 0, 0, (5,), (1,))
    parameter_1_3 = strided(parameters[1], None, 0, 2, (5, 8), (15, 1))
    parameter_1_3_t = parameter_1_3.t()
    state_0_1_part_2_steps = steps(buffers["state_0_1"], time, 0, 0, (8,), (1,))
    add_524 = strided(buffers["add_524"], batch, 11, 0, (11,), (1,))
    concatenate_523 = strided(buffers["concatenate_523"], None, 0, 0, (11,), (1,))
    concatenate_519 = strided(buffers["concatenate_519"], None, 0, 0, (11, 5), (5, 1))
    concatenate_519_t = concatenate_519.t()
    add_526 = strided(buffers["add_526"], batch, 3, 0, (3,), (1,))
    parameter_4 = strided(parameters[4], None, 0, 0, (3,), (1,))
    add_524_part = strided(buffers["add_524"], batch, 11, 0, (3,), (1,))
    maximum_of_527 = strided(buffers["maximum_of_527"], batch, 1, 0, (), ())
    exp_530_steps = steps(buffers["exp_530"], time, 0, 0, (3,), (1,))
    maximum_of_527_part = strided(buffers["maximum_of_527"], batch, 1, 0, (3,), (0,))
    sum_531_steps = steps(buffers["sum_531"], time, 0, 0, (), ())
    concatenate_550_part_steps = steps(buffers["concatenate_550"], time, 0, 0, (8,), (1,))
    add_524_part_2 = strided(buffers["add_524"], batch, 11, 3, (8,), (1,))
    concatenate_550_part_2_steps = steps(buffers["concatenate_550"], time, 0, 8, (16,), (1,))
    state_0_1_part_3_steps = steps(buffers["state_0_1"], time, 0, 0, (16,), (1,))
    divide_915_steps = steps(buffers["divide_915"], time, 0, 0, (3,), (1,))
    sum_531_part_steps = steps(buffers["sum_531"], time, 0, 0, (3,), (0,))
    state_0_1_next_steps = steps(buffers["state_0_1"], time, 1, 0, (3, 8), (8, 1))
    divide_915_part_steps = steps(buffers["divide_915"], time, 0, 0, (3, 8), (0, 0))
    concatenate_550_steps = steps(buffers["concatenate_550"], time, 0, 0, (3, 8), (8, 1))
    divide_915_part_2_steps = steps(buffers["divide_915"], time, 0, 1, (3, 8), (0, 0))
    concatenate_77_steps = steps(buffers["concatenate_77"], time, 0, 0, (3, 8), (8, 1))
    divide_915_part_3_steps = steps(buffers["divide_915"], time, 0, 2, (3, 8), (0, 0))
    state_0_1_steps = steps(buffers["state_0_1"], time, 0, 0, (3, 8), (8, 1))
    add_277 = strided(buffers["add_277"], time * batch, 2, 0, (2,), (1,))
    parameter_8 = strided(parameters[8], None, 0, 0, (2,), (1,))
    parameter_7 = strided(parameters[7], None, 0, 0, (2, 5), (5, 1))
    parameter_7_t = parameter_7.t()
    return (concatenate_519_part, parameter_3, concatenate_519_part_2, parameter_5, concatenate_523_part, concatenate_523_part_2, parameter_6, add_353, parameter_2, parameter_1, parameter_1_t, parameter_0, state_0_0_next, tokens, state_0_0_at, state_0_1_at, concatenate_77_part_steps, state_0_1_part_steps, concatenate_77_part_2_steps, state_0_0_next_2_steps, parameter_1_2, parameter_1_2_t, state_0_0_steps, parameter_1_3, parameter_1_3_t, state_0_1_part_2_steps, add_524, concatenate_523, concatenate_519, concatenate_519_t, add_526, parameter_4, add_524_part, maximum_of_527, exp_530_steps, maximum_of_527_part, sum_531_steps, concatenate_550_part_steps, add_524_part_2, concatenate_550_part_2_steps, state_0_1_part_3_steps, divide_915_steps, sum_531_part_steps, state_0_1_next_steps, divide_915_part_steps, concatenate_550_steps, divide_915_part_2_steps, concatenate_77_steps, divide_915_part_3_steps, state_0_1_steps, add_277, parameter_8, parameter_7, parameter_7_t,)

def forward(views, given):
    (concatenate_519_part, parameter_3, concatenate_519_part_2, parameter_5, concatenate_523_part, concatenate_523_part_2, parameter_6, add_353, parameter_2, parameter_1, parameter_1_t, parameter_0, state_0_0_next, tokens, state_0_0_at, state_0_1_at, concatenate_77_part_steps, state_0_1_part_steps, concatenate_77_part_2_steps, state_0_0_next_2_steps, parameter_1_2, parameter_1_2_t, state_0_0_steps, parameter_1_3, parameter_1_3_t, state_0_1_part_2_steps, add_524, concatenate_523, concatenate_519, concatenate_519_t, add_526, parameter_4, add_524_part, maximum_of_527, exp_530_steps, maximum_of_527_part, sum_531_steps, concatenate_550_part_steps, add_524_part_2, concatenate_550_part_2_steps, state_0_1_part_3_steps, divide_915_steps, sum_531_part_steps, state_0_1_next_steps, divide_915_part_steps, concatenate_550_steps, divide_915_part_2_steps, concatenate_77_steps, divide_915_part_3_steps, state_0_1_steps, add_277, parameter_8, parameter_7, parameter_7_t,) = views
    # phase 0, all steps at once
    concatenate_519_part.copy_(parameter_3)
    concatenate_519_part_2.copy_(parameter_5)
    concatenate_523_part.fill_(0.0)
    concatenate_523_part_2.copy_(parameter_6)
    # phase 1, all steps at once
    addmm(parameter_2, parameter_0, parameter_1_t, out=add_353)
    # phase 2, all steps at once
    index_select(add_353, 0, tokens, out=state_0_0_next)
    # layer 0, step by step
    if given is None:
        state_0_0_at.fill_(0.0)
        state_0_1_at.fill_(0.0)
    else:
        state_0_0_at.copy_(given[0].reshape(state_0_0_at.shape))
        state_0_1_at.copy_(given[1].reshape(state_0_1_at.shape))
    for concatenate_77_part, state_0_1_part, concatenate_77_part_2, state_0_0_next_2, state_0_0, state_0_1_part_2, exp_530, sum_531, concatenate_550_part, concatenate_550_part_2, state_0_1_part_3, divide_915, sum_531_part, state_0_1_next, divide_915_part, concatenate_550, divide_915_part_2, concatenate_77, divide_915_part_3, state_0_1 in zip(concatenate_77_part_steps, state_0_1_part_steps, concatenate_77_part_2_steps, state_0_0_next_2_steps, state_0_0_steps, state_0_1_part_2_steps, exp_530_steps, sum_531_steps, concatenate_550_part_steps, concatenate_550_part_2_steps, state_0_1_part_3_steps, divide_915_steps, sum_531_part_steps, state_0_1_next_steps, divide_915_part_steps, concatenate_550_steps, divide_915_part_2_steps, concatenate_77_steps, divide_915_part_3_steps, state_0_1_steps):
        concatenate_77_part.copy_(state_0_1_part)
        concatenate_77_part_2.fill_(0.0)
        state_0_0_next_2.addmm_(state_0_0, parameter_1_2_t)
        state_0_0_next_2.addmm_(state_0_1_part_2, parameter_1_3_t)
        clamp(state_0_0_next_2, 0, out=state_0_0_next_2)
        addmm(concatenate_523, state_0_0_next_2, concatenate_519_t, out=add_524)
        add(parameter_4, add_524_part, out=add_526)
        amax(add_526, (1,), out=maximum_of_527)
        sub(add_526, maximum_of_527_part, out=exp_530)
        exp(exp_530, out=exp_530)
        total(exp_530, (1,), out=sum_531)
        concatenate_550_part.copy_(add_524_part_2)
        concatenate_550_part_2.copy_(state_0_1_part_3)
        div(exp_530, sum_531_part, out=divide_915)
        mul(divide_915_part, concatenate_550, out=state_0_1_next)
        state_0_1_next.addcmul_(divide_915_part_2, concatenate_77)
        state_0_1_next.addcmul_(divide_915_part_3, state_0_1)
    # phase 4, all steps at once
    addmm(parameter_8, state_0_0_next, parameter_7_t, out=add_277)
    # what is predicted
    return add_277


def views_backward(buffers, parameters, constants, batch, start, time):
    less_equal_397 = strided(buffers["less_equal_397"], time * batch, 5, 0, (5,), (1,))
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 5, (start + 1) * batch * 5 + 0, (5,), (1,))
    number_0 = constants["number_0"]
    divide_563 = strided(buffers["divide_563"], time * batch, 1, 0, (1, 1), (1, 1))
    number_1 = constants["number_1"]
    sum_531_part = strided(buffers["sum_531"], time * batch, 1, (start) * batch * 1 + 0, (1, 1), (1, 1))
    multiply_931 = strided(buffers["multiply_931"], time * batch, 3, 0, (3,), (1,))
    divide_563_part = strided(buffers["divide_563"], time * batch, 1, 0, (3,), (0,))
    exp_530 = strided(buffers["exp_530"], time * batch, 3, (start) * batch * 3 + 0, (3,), (1,))
    negative_1035 = strided(buffers["negative_1035"], time * batch, 3, 0, (3,), (1,))
    divide_915 = strided(buffers["divide_915"], time * batch, 3, (start) * batch * 3 + 0, (3,), (1,))
    carried_back_0_0_next = strided(buffers["carried_back_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    external_0_0 = strided(buffers["external_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    parameter_7 = strided(parameters[7], None, 0, 0, (2, 5), (5, 1))
    cotangent = strided(buffers["cotangent"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    carried_back_0_0_at = buffers["carried_back_0_0"][0]
    carried_back_0_0_at_2 = buffers["carried_back_0_0"][time]
    carried_back_0_1_at = buffers["carried_back_0_1"][0]
    carried_back_0_1_at_2 = buffers["carried_back_0_1"][time]
    add_278 = strided(buffers["add_278"], batch, 24, 0, (3, 8), (8, 1))
    external_0_1_steps = steps(buffers["external_0_1"], time, start, 0, (3, 8), (8, 1), True)
    carried_back_0_1_next_steps = steps(buffers["carried_back_0_1"], time, 1, 0, (3, 8), (8, 1), True)
    state_0_1_part_steps = steps(buffers["state_0_1"], time, start, 0, (1, 24), (24, 1), True)
    add_278_part = strided(buffers["add_278"], batch, 24, 0, (24, 1), (1, 1))
    sum_282 = strided(buffers["sum_282"], batch, 1, 0, (1, 1), (1, 1))
    concatenate_77_part_steps = steps(buffers["concatenate_77"], time, start, 0, (1, 24), (24, 1), True)
    sum_286 = strided(buffers["sum_286"], batch, 1, 0, (1, 1), (1, 1))
    multiply_941 = strided(buffers["multiply_941"], batch, 16, 0, (16,), (1,))
    external_0_1_part_steps = steps(buffers["external_0_1"], time, start, 0, (16,), (1,), True)
    carried_back_0_1_next_part_steps = steps(buffers["carried_back_0_1"], time, 1, 0, (16,), (1,), True)
    concatenate_550_part_steps = steps(buffers["concatenate_550"], time, start, 0, (1, 24), (24, 1), True)
    sum_576 = strided(buffers["sum_576"], batch, 1, 0, (1, 1), (1, 1))
    multiply_943 = strided(buffers["multiply_943"], batch, 24, 0, (24,), (1,))
    external_0_1_2_steps = steps(buffers["external_0_1"], time, start, 0, (24,), (1,), True)
    carried_back_0_1_next_2_steps = steps(buffers["carried_back_0_1"], time, 1, 0, (24,), (1,), True)
    divide_915_part_steps = steps(buffers["divide_915"], time, start, 1, (16,), (0,), True)
    divide_915_part_2_steps = steps(buffers["divide_915"], time, start, 0, (24,), (0,), True)
    multiply_949_steps = steps(buffers["multiply_949"], time, 0, 0, (1, 1), (1, 1), True)
    multiply_931_part_steps = steps(buffers["multiply_931"], time, 0, 2, (1, 1), (1, 1), True)
    multiply_952_steps = steps(buffers["multiply_952"], time, 0, 0, (1, 1), (1, 1), True)
    multiply_931_part_2_steps = steps(buffers["multiply_931"], time, 0, 1, (1, 1), (1, 1), True)
    multiply_957_steps = steps(buffers["multiply_957"], time, 0, 0, (1, 1), (1, 1), True)
    multiply_931_part_3_steps = steps(buffers["multiply_931"], time, 0, 0, (1, 1), (1, 1), True)
    add_1043 = strided(buffers["add_1043"], batch, 1, 0, (1, 1), (1, 1))
    negative_1035_part_steps = steps(buffers["negative_1035"], time, 0, 0, (1, 1), (1, 1), True)
    negative_1035_part_2_steps = steps(buffers["negative_1035"], time, 0, 2, (1, 1), (1, 1), True)
    negative_1035_part_3_steps = steps(buffers["negative_1035"], time, 0, 1, (1, 1), (1, 1), True)
    multiply_1045_steps = steps(buffers["multiply_1045"], time, 0, 0, (3,), (1,), True)
    add_1043_part = strided(buffers["add_1043"], batch, 1, 0, (3,), (0,))
    exp_530_2_steps = steps(buffers["exp_530"], time, start, 0, (3,), (1,), True)
    concatenate_1047_part_steps = steps(buffers["concatenate_1047"], time, 0, 0, (3,), (1,), True)
    concatenate_1047_part_2_steps = steps(buffers["concatenate_1047"], time, 0, 0, (1,), (1,), True)
    multiply_957_part_steps = steps(buffers["multiply_957"], time, 0, 0, (1,), (1,), True)
    concatenate_1047_part_3_steps = steps(buffers["concatenate_1047"], time, 0, 2, (1,), (1,), True)
    multiply_949_part_steps = steps(buffers["multiply_949"], time, 0, 0, (1,), (1,), True)
    concatenate_1047_part_4_steps = steps(buffers["concatenate_1047"], time, 0, 1, (1,), (1,), True)
    multiply_952_part_steps = steps(buffers["multiply_952"], time, 0, 0, (1,), (1,), True)
    concatenate_1047_part_5_steps = steps(buffers["concatenate_1047"], time, 0, 3, (8,), (1,), True)
    multiply_943_part = strided(buffers["multiply_943"], batch, 24, 0, (8,), (1,))
    carried_back_0_0_next_2_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (5,), (1,), True)
    concatenate_519 = strided(buffers["concatenate_519"], None, 0, 0, (11, 5), (5, 1))
    concatenate_1047_steps = steps(buffers["concatenate_1047"], time, 0, 0, (11,), (1,), True)
    where_1052_steps = steps(buffers["where_1052"], time, 0, 0, (5,), (1,), True)
    less_equal_397_2_steps = steps(buffers["less_equal_397"], time, 0, 0, (5,), (1,), True)
    linear_1054 = strided(buffers["linear_1054"], batch, 8, 0, (8,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 2, (5, 8), (15, 1))
    carried_back_0_0_steps = steps(buffers["carried_back_0_0"], time, 0, 0, (5,), (1,), True)
    parameter_1_2 = strided(parameters[1], None, 0, 10, (5, 5), (15, 1))
    carried_back_0_1_steps = steps(buffers["carried_back_0_1"], time, 0, 0, (3, 8), (8, 1), True)
    divide_915_part_3_steps = steps(buffers["divide_915"], time, start, 2, (3, 8), (0, 0), True)
    carried_back_0_1_part_steps = steps(buffers["carried_back_0_1"], time, 0, 0, (2, 8), (8, 1), True)
    multiply_943_part_2 = strided(buffers["multiply_943"], batch, 24, 8, (2, 8), (8, 1))
    carried_back_0_1_part_2_steps = steps(buffers["carried_back_0_1"], time, 0, 8, (2, 8), (8, 1), True)
    multiply_941_2 = strided(buffers["multiply_941"], batch, 16, 0, (2, 8), (8, 1))
    carried_back_0_1_part_3_steps = steps(buffers["carried_back_0_1"], time, 0, 0, (1, 8), (8, 1), True)
    linear_1054_part = strided(buffers["linear_1054"], batch, 8, 0, (1, 8), (8, 1))
    multiply_949_part_2 = strided(buffers["multiply_949"], time * batch, 1, 0, (1, 1), (1, 1))
    sum_of_columns_974 = strided(buffers["sum_of_columns_974"], None, 0, 0, (1, 1), (1, 1))
    multiply_952_part_2 = strided(buffers["multiply_952"], time * batch, 1, 0, (1, 1), (1, 1))
    sum_of_columns_975 = strided(buffers["sum_of_columns_975"], None, 0, 0, (1, 1), (1, 1))
    multiply_957_part_2 = strided(buffers["multiply_957"], time * batch, 1, 0, (1, 1), (1, 1))
    sum_of_columns_976 = strided(buffers["sum_of_columns_976"], None, 0, 0, (1, 1), (1, 1))
    concatenate_1047_2 = strided(buffers["concatenate_1047"], time * batch, 11, 0, (11,), (1,))
    concatenate_1047_2_t = concatenate_1047_2.t()
    outer_1059 = strided(buffers["outer_1059"], None, 0, 0, (11, 5), (5, 1))
    where_1052_2 = strided(buffers["where_1052"], time * batch, 5, 0, (5,), (1,))
    sum_by_symbol_1063 = strided(buffers["sum_by_symbol_1063"], vocabulary, 5, 0, (5,), (1,))
    one_hot_t = buffers["one_hot"][start * batch : (start + time) * batch].t()
    cotangent_t = cotangent.t()
    concatenate_1047_part_6 = strided(buffers["concatenate_1047"], time * batch, 11, 3, (8,), (1,))
    multiply_1045_2 = strided(buffers["multiply_1045"], time * batch, 3, 0, (3,), (1,))
    where_1052_2_t = where_1052_2.t()
    state_0_0 = strided(buffers["state_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    state_0_1_part_2 = strided(buffers["state_0_1"], time * batch, 24, (start) * batch * 24 + 0, (8,), (1,))
    linear_1064 = strided(buffers["linear_1064"], vocabulary, 2, 0, (2,), (1,))
    parameter_1_3 = strided(parameters[1], None, 0, 0, (5, 2), (15, 1))
    outer_1059_part = strided(buffers["outer_1059"], None, 0, 15, (8, 5), (5, 1))
    sum_of_columns_974_part = strided(buffers["sum_of_columns_974"], None, 0, 0, (1,), (1,))
    sum_of_columns_975_part = strided(buffers["sum_of_columns_975"], None, 0, 0, (1,), (1,))
    sum_of_columns_976_part = strided(buffers["sum_of_columns_976"], None, 0, 0, (1,), (1,))
    outer_1059_part_2 = strided(buffers["outer_1059"], None, 0, 0, (3, 5), (5, 1))
    sum_by_symbol_1063_t = sum_by_symbol_1063.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    return (less_equal_397, state_0_0_next, number_0, divide_563, number_1, sum_531_part, multiply_931, divide_563_part, exp_530, negative_1035, divide_915, carried_back_0_0_next, external_0_0, parameter_7, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, add_278, external_0_1_steps, carried_back_0_1_next_steps, state_0_1_part_steps, add_278_part, sum_282, concatenate_77_part_steps, sum_286, multiply_941, external_0_1_part_steps, carried_back_0_1_next_part_steps, concatenate_550_part_steps, sum_576, multiply_943, external_0_1_2_steps, carried_back_0_1_next_2_steps, divide_915_part_steps, divide_915_part_2_steps, multiply_949_steps, multiply_931_part_steps, multiply_952_steps, multiply_931_part_2_steps, multiply_957_steps, multiply_931_part_3_steps, add_1043, negative_1035_part_steps, negative_1035_part_2_steps, negative_1035_part_3_steps, multiply_1045_steps, add_1043_part, exp_530_2_steps, concatenate_1047_part_steps, concatenate_1047_part_2_steps, multiply_957_part_steps, concatenate_1047_part_3_steps, multiply_949_part_steps, concatenate_1047_part_4_steps, multiply_952_part_steps, concatenate_1047_part_5_steps, multiply_943_part, carried_back_0_0_next_2_steps, concatenate_519, concatenate_1047_steps, where_1052_steps, less_equal_397_2_steps, linear_1054, parameter_1, carried_back_0_0_steps, parameter_1_2, carried_back_0_1_steps, divide_915_part_3_steps, carried_back_0_1_part_steps, multiply_943_part_2, carried_back_0_1_part_2_steps, multiply_941_2, carried_back_0_1_part_3_steps, linear_1054_part, multiply_949_part_2, sum_of_columns_974, multiply_952_part_2, sum_of_columns_975, multiply_957_part_2, sum_of_columns_976, concatenate_1047_2, concatenate_1047_2_t, outer_1059, where_1052_2, sum_by_symbol_1063, one_hot_t, cotangent_t, concatenate_1047_part_6, multiply_1045_2, where_1052_2_t, state_0_0, state_0_1_part_2, linear_1064, parameter_1_3, outer_1059_part, sum_of_columns_974_part, sum_of_columns_975_part, sum_of_columns_976_part, outer_1059_part_2, sum_by_symbol_1063_t, parameter_0,)

def backward(stretches, given, finals_back, empty):
    (less_equal_397, state_0_0_next, number_0, divide_563, number_1, sum_531_part, multiply_931, divide_563_part, exp_530, negative_1035, divide_915, carried_back_0_0_next, external_0_0, parameter_7, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, add_278, external_0_1_steps, carried_back_0_1_next_steps, state_0_1_part_steps, add_278_part, sum_282, concatenate_77_part_steps, sum_286, multiply_941, external_0_1_part_steps, carried_back_0_1_next_part_steps, concatenate_550_part_steps, sum_576, multiply_943, external_0_1_2_steps, carried_back_0_1_next_2_steps, divide_915_part_steps, divide_915_part_2_steps, multiply_949_steps, multiply_931_part_steps, multiply_952_steps, multiply_931_part_2_steps, multiply_957_steps, multiply_931_part_3_steps, add_1043, negative_1035_part_steps, negative_1035_part_2_steps, negative_1035_part_3_steps, multiply_1045_steps, add_1043_part, exp_530_2_steps, concatenate_1047_part_steps, concatenate_1047_part_2_steps, multiply_957_part_steps, concatenate_1047_part_3_steps, multiply_949_part_steps, concatenate_1047_part_4_steps, multiply_952_part_steps, concatenate_1047_part_5_steps, multiply_943_part, carried_back_0_0_next_2_steps, concatenate_519, concatenate_1047_steps, where_1052_steps, less_equal_397_2_steps, linear_1054, parameter_1, carried_back_0_0_steps, parameter_1_2, carried_back_0_1_steps, divide_915_part_3_steps, carried_back_0_1_part_steps, multiply_943_part_2, carried_back_0_1_part_2_steps, multiply_941_2, carried_back_0_1_part_3_steps, linear_1054_part, multiply_949_part_2, sum_of_columns_974, multiply_952_part_2, sum_of_columns_975, multiply_957_part_2, sum_of_columns_976, concatenate_1047_2, concatenate_1047_2_t, outer_1059, where_1052_2, sum_by_symbol_1063, one_hot_t, cotangent_t, concatenate_1047_part_6, multiply_1045_2, where_1052_2_t, state_0_0, state_0_1_part_2, linear_1064, parameter_1_3, outer_1059_part, sum_of_columns_974_part, sum_of_columns_975_part, sum_of_columns_976_part, outer_1059_part_2, sum_by_symbol_1063_t, parameter_0,) = stretches[0]
    gradient_8 = empty((2,))
    gradient_7 = empty((2, 5))
    gradient_6 = empty((8,))
    gradient_5 = empty((8, 5))
    gradient_4 = empty((3,))
    gradient_3 = empty((3, 5))
    gradient_2 = empty((5,))
    gradient_1 = empty((5, 15))
    gradient_0 = empty((3, 2))
    first = True
    for less_equal_397, state_0_0_next, number_0, divide_563, number_1, sum_531_part, multiply_931, divide_563_part, exp_530, negative_1035, divide_915, carried_back_0_0_next, external_0_0, parameter_7, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, add_278, external_0_1_steps, carried_back_0_1_next_steps, state_0_1_part_steps, add_278_part, sum_282, concatenate_77_part_steps, sum_286, multiply_941, external_0_1_part_steps, carried_back_0_1_next_part_steps, concatenate_550_part_steps, sum_576, multiply_943, external_0_1_2_steps, carried_back_0_1_next_2_steps, divide_915_part_steps, divide_915_part_2_steps, multiply_949_steps, multiply_931_part_steps, multiply_952_steps, multiply_931_part_2_steps, multiply_957_steps, multiply_931_part_3_steps, add_1043, negative_1035_part_steps, negative_1035_part_2_steps, negative_1035_part_3_steps, multiply_1045_steps, add_1043_part, exp_530_2_steps, concatenate_1047_part_steps, concatenate_1047_part_2_steps, multiply_957_part_steps, concatenate_1047_part_3_steps, multiply_949_part_steps, concatenate_1047_part_4_steps, multiply_952_part_steps, concatenate_1047_part_5_steps, multiply_943_part, carried_back_0_0_next_2_steps, concatenate_519, concatenate_1047_steps, where_1052_steps, less_equal_397_2_steps, linear_1054, parameter_1, carried_back_0_0_steps, parameter_1_2, carried_back_0_1_steps, divide_915_part_3_steps, carried_back_0_1_part_steps, multiply_943_part_2, carried_back_0_1_part_2_steps, multiply_941_2, carried_back_0_1_part_3_steps, linear_1054_part, multiply_949_part_2, sum_of_columns_974, multiply_952_part_2, sum_of_columns_975, multiply_957_part_2, sum_of_columns_976, concatenate_1047_2, concatenate_1047_2_t, outer_1059, where_1052_2, sum_by_symbol_1063, one_hot_t, cotangent_t, concatenate_1047_part_6, multiply_1045_2, where_1052_2_t, state_0_0, state_0_1_part_2, linear_1064, parameter_1_3, outer_1059_part, sum_of_columns_974_part, sum_of_columns_975_part, sum_of_columns_976_part, outer_1059_part_2, sum_by_symbol_1063_t, parameter_0, in stretches:
        # phase 5, all steps of the stretch
        le(state_0_0_next, number_0, out=less_equal_397)
        div(number_1, sum_531_part, out=divide_563)
        mul(divide_563_part, exp_530, out=multiply_931)
        mul(divide_563_part, divide_915, out=negative_1035)
        neg(negative_1035, out=negative_1035)
        addmm(external_0_0, cotangent, parameter_7, out=carried_back_0_0_next)
        # layer 0, step by step back
        carried_back_0_0_at_2.add_(finals_back[0].reshape(carried_back_0_0_at_2.shape) if first else carried_back_0_0_at)
        carried_back_0_0_at.zero_()
        carried_back_0_1_at_2.copy_(finals_back[1].reshape(carried_back_0_1_at_2.shape) if first else carried_back_0_1_at)
        for external_0_1, carried_back_0_1_next, state_0_1_part, concatenate_77_part, external_0_1_part, carried_back_0_1_next_part, concatenate_550_part, external_0_1_2, carried_back_0_1_next_2, divide_915_part, divide_915_part_2, multiply_949, multiply_931_part, multiply_952, multiply_931_part_2, multiply_957, multiply_931_part_3, negative_1035_part, negative_1035_part_2, negative_1035_part_3, multiply_1045, exp_530_2, concatenate_1047_part, concatenate_1047_part_2, multiply_957_part, concatenate_1047_part_3, multiply_949_part, concatenate_1047_part_4, multiply_952_part, concatenate_1047_part_5, carried_back_0_0_next_2, concatenate_1047, where_1052, less_equal_397_2, carried_back_0_0, carried_back_0_1, divide_915_part_3, carried_back_0_1_part, carried_back_0_1_part_2, carried_back_0_1_part_3 in zip(external_0_1_steps, carried_back_0_1_next_steps, state_0_1_part_steps, concatenate_77_part_steps, external_0_1_part_steps, carried_back_0_1_next_part_steps, concatenate_550_part_steps, external_0_1_2_steps, carried_back_0_1_next_2_steps, divide_915_part_steps, divide_915_part_2_steps, multiply_949_steps, multiply_931_part_steps, multiply_952_steps, multiply_931_part_2_steps, multiply_957_steps, multiply_931_part_3_steps, negative_1035_part_steps, negative_1035_part_2_steps, negative_1035_part_3_steps, multiply_1045_steps, exp_530_2_steps, concatenate_1047_part_steps, concatenate_1047_part_2_steps, multiply_957_part_steps, concatenate_1047_part_3_steps, multiply_949_part_steps, concatenate_1047_part_4_steps, multiply_952_part_steps, concatenate_1047_part_5_steps, carried_back_0_0_next_2_steps, concatenate_1047_steps, where_1052_steps, less_equal_397_2_steps, carried_back_0_0_steps, carried_back_0_1_steps, divide_915_part_3_steps, carried_back_0_1_part_steps, carried_back_0_1_part_2_steps, carried_back_0_1_part_3_steps):
            add(external_0_1, carried_back_0_1_next, out=add_278)
            bmm(state_0_1_part, add_278_part, out=sum_282)
            bmm(concatenate_77_part, add_278_part, out=sum_286)
            add(external_0_1_part, carried_back_0_1_next_part, out=multiply_941)
            bmm(concatenate_550_part, add_278_part, out=sum_576)
            add(external_0_1_2, carried_back_0_1_next_2, out=multiply_943)
            mul(multiply_941, divide_915_part, out=multiply_941)
            mul(multiply_943, divide_915_part_2, out=multiply_943)
            mul(sum_282, multiply_931_part, out=multiply_949)
            mul(sum_286, multiply_931_part_2, out=multiply_952)
            mul(sum_576, multiply_931_part_3, out=multiply_957)
            mul(sum_576, negative_1035_part, out=add_1043)
            add_1043.addcmul_(sum_282, negative_1035_part_2)
            add_1043.addcmul_(sum_286, negative_1035_part_3)
            mul(add_1043_part, exp_530_2, out=multiply_1045)
            concatenate_1047_part.copy_(multiply_1045)
            concatenate_1047_part_2.add_(multiply_957_part)
            concatenate_1047_part_3.add_(multiply_949_part)
            concatenate_1047_part_4.add_(multiply_952_part)
            concatenate_1047_part_5.copy_(multiply_943_part)
            carried_back_0_0_next_2.addmm_(concatenate_1047, concatenate_519)
            where(less_equal_397_2, number_0, carried_back_0_0_next_2, out=where_1052)
            mm(where_1052, parameter_1, out=linear_1054)
            carried_back_0_0.addmm_(where_1052, parameter_1_2)
            mul(add_278, divide_915_part_3, out=carried_back_0_1)
            carried_back_0_1_part.add_(multiply_943_part_2)
            carried_back_0_1_part_2.add_(multiply_941_2)
            carried_back_0_1_part_3.add_(linear_1054_part)
        # phase 7, all steps of the stretch
        total(multiply_949_part_2, 0, out=sum_of_columns_974) if first else sum_of_columns_974.add_(multiply_949_part_2.sum(0))
        total(multiply_952_part_2, 0, out=sum_of_columns_975) if first else sum_of_columns_975.add_(multiply_952_part_2.sum(0))
        total(multiply_957_part_2, 0, out=sum_of_columns_976) if first else sum_of_columns_976.add_(multiply_957_part_2.sum(0))
        mm(concatenate_1047_2_t, state_0_0_next, out=outer_1059) if first else outer_1059.addmm_(concatenate_1047_2_t, state_0_0_next)
        # phase 8, all steps of the stretch
        mm(one_hot_t, where_1052_2, out=sum_by_symbol_1063) if first else sum_by_symbol_1063.addmm_(one_hot_t, where_1052_2)
        # into the gradients
        total(cotangent, 0, out=gradient_8) if first else gradient_8.add_(cotangent.sum(0))
        mm(cotangent_t, state_0_0_next, out=gradient_7) if first else gradient_7.addmm_(cotangent_t, state_0_0_next)
        total(concatenate_1047_part_6, 0, out=gradient_6) if first else gradient_6.add_(concatenate_1047_part_6.sum(0))
        total(multiply_1045_2, 0, out=gradient_4) if first else gradient_4.add_(multiply_1045_2.sum(0))
        total(where_1052_2, 0, out=gradient_2) if first else gradient_2.add_(where_1052_2.sum(0))
        mm(where_1052_2_t, state_0_0, out=gradient_1[0:5, 10:15]) if first else gradient_1[0:5, 10:15].addmm_(where_1052_2_t, state_0_0)
        mm(where_1052_2_t, state_0_1_part_2, out=gradient_1[0:5, 2:10]) if first else gradient_1[0:5, 2:10].addmm_(where_1052_2_t, state_0_1_part_2)
        first = False
    # when all steps are done
    mm(sum_by_symbol_1063, parameter_1_3, out=linear_1064)
    # into the gradients
    gradient_5.copy_(outer_1059_part)
    gradient_4[2:3].add_(sum_of_columns_974_part)
    gradient_4[1:2].add_(sum_of_columns_975_part)
    gradient_4[0:1].add_(sum_of_columns_976_part)
    gradient_3.copy_(outer_1059_part_2)
    mm(sum_by_symbol_1063_t, parameter_0, out=gradient_1[0:5, 0:2])
    gradient_0.copy_(linear_1064)
    return [gradient_0, gradient_1, gradient_2, gradient_3, gradient_4, gradient_5, gradient_6, gradient_7, gradient_8]

# forward: states state_0_0, 5
# forward: states state_0_1, 24
# forward: steps add_277, 2
# forward: steps divide_915, 3
# forward: steps concatenate_550, 24
# forward: steps sum_531, 1
# forward: steps exp_530, 3
# forward: scratch maximum_of_527, 1
# forward: scratch add_526, 3
# forward: scratch add_524, 11
# forward: steps concatenate_77, 24
# forward: vocabulary add_353, 5
# forward: one concatenate_523, 11
# forward: one concatenate_519, 55
# backward: carry carried_back_0_0, 5
# backward: carry carried_back_0_1, 24
# backward: steps external_0_0, 5
# backward: steps external_0_1, 24
# backward: steps cotangent, 2
# backward: vocabulary linear_1064, 2
# backward: vocabulary sum_by_symbol_1063, 5
# backward: one outer_1059, 55
# backward: one sum_of_columns_976, 1
# backward: one sum_of_columns_975, 1
# backward: one sum_of_columns_974, 1
# backward: scratch linear_1054, 8
# backward: stretch where_1052, 5
# backward: stretch concatenate_1047, 11
# backward: stretch multiply_1045, 3
# backward: scratch add_1043, 1
# backward: stretch multiply_957, 1
# backward: stretch multiply_952, 1
# backward: stretch multiply_949, 1
# backward: scratch multiply_943, 24
# backward: scratch multiply_941, 16
# backward: scratch sum_576, 1
# backward: scratch sum_286, 1
# backward: scratch sum_282, 1
# backward: scratch add_278, 24
# backward: stretch negative_1035, 3
# backward: stretch multiply_931, 3
# backward: stretch divide_563, 1
# backward: stretch less_equal_397, 5, truth values
# number_0 = 0.0
# number_1 = 1.0
