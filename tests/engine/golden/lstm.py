def views_forward(buffers, parameters, constants, batch, start, time):
    add_17 = strided(buffers["add_17"], None, 0, 0, (20,), (1,))
    parameter_2 = strided(parameters[2], None, 0, 0, (20,), (1,))
    parameter_4 = strided(parameters[4], None, 0, 0, (20,), (1,))
    parameter_3 = strided(parameters[3], None, 0, 0, (10, 5), (5, 1))
    view_309_part = strided(buffers["view_309"], None, 0, 0, (10, 5), (5, 1))
    parameter_3_2 = strided(parameters[3], None, 0, 75, (5, 5), (5, 1))
    view_309_part_2 = strided(buffers["view_309"], None, 0, 50, (5, 5), (5, 1))
    parameter_3_3 = strided(parameters[3], None, 0, 50, (5, 5), (5, 1))
    view_309_part_3 = strided(buffers["view_309"], None, 0, 75, (5, 5), (5, 1))
    add_18 = strided(buffers["add_18"], vocabulary, 20, 0, (20,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 0, (20, 2), (2, 1))
    parameter_1_t = parameter_1.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    add_18_part = strided(buffers["add_18"], vocabulary, 20, 0, (10,), (1,))
    view_311_part = strided(buffers["view_311"], vocabulary, 20, 0, (10,), (1,))
    add_18_part_2 = strided(buffers["add_18"], vocabulary, 20, 15, (5,), (1,))
    view_311_part_2 = strided(buffers["view_311"], vocabulary, 20, 10, (5,), (1,))
    add_18_part_3 = strided(buffers["add_18"], vocabulary, 20, 10, (5,), (1,))
    view_311_part_3 = strided(buffers["view_311"], vocabulary, 20, 15, (5,), (1,))
    view_311 = strided(buffers["view_311"], vocabulary, 20, 0, (20,), (1,))
    add_313 = strided(buffers["add_313"], time * batch, 20, 0, (20,), (1,))
    tokens = buffers["tokens"][start : start + time].view(-1)
    state_0_0_at = buffers["state_0_0"][0]
    state_0_1_at = buffers["state_0_1"][0]
    add_313_2_steps = steps(buffers["add_313"], time, 0, 0, (20,), (1,))
    view_309 = strided(buffers["view_309"], None, 0, 0, (20, 5), (5, 1))
    view_309_t = view_309.t()
    state_0_0_steps = steps(buffers["state_0_0"], time, 0, 0, (5,), (1,))
    add_313_part_steps = steps(buffers["add_313"], time, 0, 15, (5,), (1,))
    add_313_part_2_steps = steps(buffers["add_313"], time, 0, 0, (15,), (1,))
    add_463 = strided(buffers["add_463"], batch, 5, 0, (5,), (1,))
    add_313_part_3_steps = steps(buffers["add_313"], time, 0, 5, (5,), (1,))
    state_0_1_steps = steps(buffers["state_0_1"], time, 0, 0, (5,), (1,))
    add_313_part_4_steps = steps(buffers["add_313"], time, 0, 0, (5,), (1,))
    tanh_465_steps = steps(buffers["tanh_465"], time, 0, 0, (5,), (1,))
    state_0_0_next_steps = steps(buffers["state_0_0"], time, 1, 0, (5,), (1,))
    add_313_part_5_steps = steps(buffers["add_313"], time, 0, 10, (5,), (1,))
    running_part_steps = steps(buffers["running"], time, 0, 0, (5,), (0,))
    state_0_1_next_steps = steps(buffers["state_0_1"], time, 1, 0, (5,), (1,))
    state_0_0_2 = buffers["state_0_0"]
    held_0_0 = buffers["held_0_0"]
    running = buffers["running"]
    run_once = buffers["run_once"]
    add_183 = strided(buffers["add_183"], time * batch, 2, 0, (2,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (2,), (1,))
    parameter_5 = strided(parameters[5], None, 0, 0, (2, 5), (5, 1))
    parameter_5_t = parameter_5.t()
    held_0_0_2 = strided(buffers["held_0_0"], time * batch, 5, 0, (5,), (1,))
    return (add_17, parameter_2, parameter_4, parameter_3, view_309_part, parameter_3_2, view_309_part_2, parameter_3_3, view_309_part_3, add_18, parameter_1, parameter_1_t, parameter_0, add_18_part, view_311_part, add_18_part_2, view_311_part_2, add_18_part_3, view_311_part_3, view_311, add_313, tokens, state_0_0_at, state_0_1_at, add_313_2_steps, view_309, view_309_t, state_0_0_steps, add_313_part_steps, add_313_part_2_steps, add_463, add_313_part_3_steps, state_0_1_steps, add_313_part_4_steps, tanh_465_steps, state_0_0_next_steps, add_313_part_5_steps, running_part_steps, state_0_1_next_steps, state_0_0_2, held_0_0, running, run_once, add_183, parameter_6, parameter_5, parameter_5_t, held_0_0_2,)

def forward(views, given):
    (add_17, parameter_2, parameter_4, parameter_3, view_309_part, parameter_3_2, view_309_part_2, parameter_3_3, view_309_part_3, add_18, parameter_1, parameter_1_t, parameter_0, add_18_part, view_311_part, add_18_part_2, view_311_part_2, add_18_part_3, view_311_part_3, view_311, add_313, tokens, state_0_0_at, state_0_1_at, add_313_2_steps, view_309, view_309_t, state_0_0_steps, add_313_part_steps, add_313_part_2_steps, add_463, add_313_part_3_steps, state_0_1_steps, add_313_part_4_steps, tanh_465_steps, state_0_0_next_steps, add_313_part_5_steps, running_part_steps, state_0_1_next_steps, state_0_0_2, held_0_0, running, run_once, add_183, parameter_6, parameter_5, parameter_5_t, held_0_0_2,) = views
    # phase 0, all steps at once
    add(parameter_2, parameter_4, out=add_17)
    view_309_part.copy_(parameter_3)
    view_309_part_2.copy_(parameter_3_2)
    view_309_part_3.copy_(parameter_3_3)
    # phase 1, all steps at once
    addmm(add_17, parameter_0, parameter_1_t, out=add_18)
    view_311_part.copy_(add_18_part)
    view_311_part_2.copy_(add_18_part_2)
    view_311_part_3.copy_(add_18_part_3)
    # phase 2, all steps at once
    index_select(view_311, 0, tokens, out=add_313)
    # layer 0, step by step
    if given is None:
        state_0_0_at.fill_(0.0)
        state_0_1_at.fill_(0.0)
    else:
        state_0_0_at.copy_(given[0].reshape(state_0_0_at.shape))
        state_0_1_at.copy_(given[1].reshape(state_0_1_at.shape))
    for add_313_2, state_0_0, add_313_part, add_313_part_2, add_313_part_3, state_0_1, add_313_part_4, tanh_465, state_0_0_next, add_313_part_5, running_part, state_0_1_next in zip(add_313_2_steps, state_0_0_steps, add_313_part_steps, add_313_part_2_steps, add_313_part_3_steps, state_0_1_steps, add_313_part_4_steps, tanh_465_steps, state_0_0_next_steps, add_313_part_5_steps, running_part_steps, state_0_1_next_steps):
        add_313_2.addmm_(state_0_0, view_309_t)
        tanh(add_313_part, out=add_313_part)
        sigmoid(add_313_part_2, out=add_313_part_2)
        mul(add_313_part_3, state_0_1, out=add_463)
        add_463.addcmul_(add_313_part_4, add_313_part)
        tanh(add_463, out=tanh_465)
        mul(add_313_part_5, tanh_465, out=state_0_0_next)
        where(running_part, state_0_0_next, state_0_0, out=state_0_0_next)
        where(running_part, add_463, state_0_1, out=state_0_1_next)
    hold(held_0_0, state_0_0_2, running, run_once)
    # phase 4, all steps at once
    addmm(parameter_6, held_0_0_2, parameter_5_t, out=add_183)
    # what is predicted
    return add_183


def views_backward(buffers, parameters, constants, batch, start, time):
    where_229 = strided(buffers["where_229"], time * batch, 5, 0, (5,), (1,))
    running_part = strided(buffers["running"], time * batch, 1, (start) * batch * 1 + 0, (5,), (0,))
    number_0 = constants["number_0"]
    number_1 = constants["number_1"]
    where_231 = strided(buffers["where_231"], time * batch, 5, 0, (5,), (1,))
    concatenate_594_part = strided(buffers["concatenate_594"], time * batch, 20, 10, (5,), (1,))
    add_313_part = strided(buffers["add_313"], time * batch, 20, (start) * batch * 20 + 15, (5,), (1,))
    subtract_470 = strided(buffers["subtract_470"], time * batch, 5, 0, (5,), (1,))
    tanh_465 = strided(buffers["tanh_465"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    concatenate_594_part_2 = strided(buffers["concatenate_594"], time * batch, 20, 15, (5,), (1,))
    multiply_479 = strided(buffers["multiply_479"], time * batch, 5, 0, (5,), (1,))
    add_313_part_2 = strided(buffers["add_313"], time * batch, 20, (start) * batch * 20 + 10, (5,), (1,))
    add_313_part_3 = strided(buffers["add_313"], time * batch, 20, (start) * batch * 20 + 0, (5,), (1,))
    multiply_582 = strided(buffers["multiply_582"], time * batch, 15, 0, (15,), (1,))
    add_313_part_4 = strided(buffers["add_313"], time * batch, 20, (start) * batch * 20 + 0, (15,), (1,))
    multiply_582_part = strided(buffers["multiply_582"], time * batch, 15, 10, (5,), (1,))
    concatenate_594_part_3 = strided(buffers["concatenate_594"], time * batch, 20, 0, (5,), (1,))
    multiply_582_part_2 = strided(buffers["multiply_582"], time * batch, 15, 0, (5,), (1,))
    concatenate_594_part_4 = strided(buffers["concatenate_594"], time * batch, 20, 5, (5,), (1,))
    state_0_1 = strided(buffers["state_0_1"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    multiply_582_part_3 = strided(buffers["multiply_582"], time * batch, 15, 5, (5,), (1,))
    carried_back_0_0_next = strided(buffers["carried_back_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    parameter_5 = strided(parameters[5], None, 0, 0, (2, 5), (5, 1))
    cotangent = strided(buffers["cotangent"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    carried_back_0_0_at = buffers["carried_back_0_0"][0]
    carried_back_0_0_at_2 = buffers["carried_back_0_0"][time]
    carried_back_0_1_at = buffers["carried_back_0_1"][0]
    carried_back_0_1_at_2 = buffers["carried_back_0_1"][time]
    carried_back_0_0_next_2_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (5,), (1,), True)
    add_488 = strided(buffers["add_488"], batch, 5, 0, (5,), (1,))
    carried_back_0_1_next_steps = steps(buffers["carried_back_0_1"], time, 1, 0, (5,), (1,), True)
    where_229_2_steps = steps(buffers["where_229"], time, 0, 0, (5,), (1,), True)
    multiply_479_2_steps = steps(buffers["multiply_479"], time, 0, 0, (5,), (1,), True)
    concatenate_594_part_5_steps = steps(buffers["concatenate_594"], time, 0, 15, (5,), (1,), True)
    concatenate_594_part_6_steps = steps(buffers["concatenate_594"], time, 0, 0, (3, 5), (5, 1), True)
    add_488_part = strided(buffers["add_488"], batch, 5, 0, (3, 5), (0, 1))
    carried_back_0_0_steps = steps(buffers["carried_back_0_0"], time, 0, 0, (5,), (1,), True)
    where_231_2_steps = steps(buffers["where_231"], time, 0, 0, (5,), (1,), True)
    parameter_3 = strided(parameters[3], None, 0, 0, (20, 5), (5, 1))
    concatenate_594_steps = steps(buffers["concatenate_594"], time, 0, 0, (20,), (1,), True)
    carried_back_0_1_steps = steps(buffers["carried_back_0_1"], time, 0, 0, (5,), (1,), True)
    add_313_part_5_steps = steps(buffers["add_313"], time, start, 5, (5,), (1,), True)
    concatenate_594_2 = strided(buffers["concatenate_594"], time * batch, 20, 0, (20,), (1,))
    sum_by_symbol_598 = strided(buffers["sum_by_symbol_598"], vocabulary, 20, 0, (20,), (1,))
    one_hot_t = buffers["one_hot"][start * batch : (start + time) * batch].t()
    cotangent_t = cotangent.t()
    held_0_0 = strided(buffers["held_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    concatenate_594_2_t = concatenate_594_2.t()
    state_0_0 = strided(buffers["state_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    sum_of_columns_599 = strided(buffers["sum_of_columns_599"], None, 0, 0, (20,), (1,))
    linear_601 = strided(buffers["linear_601"], vocabulary, 2, 0, (2,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 0, (20, 2), (2, 1))
    sum_by_symbol_598_t = sum_by_symbol_598.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    return (where_229, running_part, number_0, number_1, where_231, concatenate_594_part, add_313_part, subtract_470, tanh_465, concatenate_594_part_2, multiply_479, add_313_part_2, add_313_part_3, multiply_582, add_313_part_4, multiply_582_part, concatenate_594_part_3, multiply_582_part_2, concatenate_594_part_4, state_0_1, multiply_582_part_3, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, carried_back_0_0_next_2_steps, add_488, carried_back_0_1_next_steps, where_229_2_steps, multiply_479_2_steps, concatenate_594_part_5_steps, concatenate_594_part_6_steps, add_488_part, carried_back_0_0_steps, where_231_2_steps, parameter_3, concatenate_594_steps, carried_back_0_1_steps, add_313_part_5_steps, concatenate_594_2, sum_by_symbol_598, one_hot_t, cotangent_t, held_0_0, concatenate_594_2_t, state_0_0, sum_of_columns_599, linear_601, parameter_1, sum_by_symbol_598_t, parameter_0,)

def backward(stretches, given, finals_back, empty):
    (where_229, running_part, number_0, number_1, where_231, concatenate_594_part, add_313_part, subtract_470, tanh_465, concatenate_594_part_2, multiply_479, add_313_part_2, add_313_part_3, multiply_582, add_313_part_4, multiply_582_part, concatenate_594_part_3, multiply_582_part_2, concatenate_594_part_4, state_0_1, multiply_582_part_3, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, carried_back_0_0_next_2_steps, add_488, carried_back_0_1_next_steps, where_229_2_steps, multiply_479_2_steps, concatenate_594_part_5_steps, concatenate_594_part_6_steps, add_488_part, carried_back_0_0_steps, where_231_2_steps, parameter_3, concatenate_594_steps, carried_back_0_1_steps, add_313_part_5_steps, concatenate_594_2, sum_by_symbol_598, one_hot_t, cotangent_t, held_0_0, concatenate_594_2_t, state_0_0, sum_of_columns_599, linear_601, parameter_1, sum_by_symbol_598_t, parameter_0,) = stretches[0]
    gradient_6 = empty((2,))
    gradient_5 = empty((2, 5))
    gradient_4 = empty((20,))
    gradient_3 = empty((20, 5))
    gradient_2 = empty((20,))
    gradient_1 = empty((20, 2))
    gradient_0 = empty((3, 2))
    first = True
    for where_229, running_part, number_0, number_1, where_231, concatenate_594_part, add_313_part, subtract_470, tanh_465, concatenate_594_part_2, multiply_479, add_313_part_2, add_313_part_3, multiply_582, add_313_part_4, multiply_582_part, concatenate_594_part_3, multiply_582_part_2, concatenate_594_part_4, state_0_1, multiply_582_part_3, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_1_at, carried_back_0_1_at_2, carried_back_0_0_next_2_steps, add_488, carried_back_0_1_next_steps, where_229_2_steps, multiply_479_2_steps, concatenate_594_part_5_steps, concatenate_594_part_6_steps, add_488_part, carried_back_0_0_steps, where_231_2_steps, parameter_3, concatenate_594_steps, carried_back_0_1_steps, add_313_part_5_steps, concatenate_594_2, sum_by_symbol_598, one_hot_t, cotangent_t, held_0_0, concatenate_594_2_t, state_0_0, sum_of_columns_599, linear_601, parameter_1, sum_by_symbol_598_t, parameter_0, in stretches:
        # phase 5, all steps of the stretch
        where(running_part, number_0, number_1, out=where_229)
        where(running_part, number_1, number_0, out=where_231)
        addcmul(number_0, add_313_part, add_313_part, value=-1, out=concatenate_594_part)
        addcmul(number_0, tanh_465, tanh_465, value=-1, out=subtract_470)
        mul(where_229, tanh_465, out=concatenate_594_part_2)
        mul(where_229, add_313_part_2, out=multiply_479)
        mul(multiply_479, subtract_470, out=multiply_479)
        mul(add_313_part_3, concatenate_594_part, out=concatenate_594_part)
        sub(number_0, add_313_part_4, out=multiply_582)
        mul(add_313_part_4, multiply_582, out=multiply_582)
        mul(concatenate_594_part_2, multiply_582_part, out=concatenate_594_part_2)
        mul(add_313_part, multiply_582_part_2, out=concatenate_594_part_3)
        mul(state_0_1, multiply_582_part_3, out=concatenate_594_part_4)
        mm(cotangent, parameter_5, out=carried_back_0_0_next)
        # layer 0, step by step back
        carried_back_0_0_at_2.add_(finals_back[0].reshape(carried_back_0_0_at_2.shape) if first else carried_back_0_0_at)
        carried_back_0_0_at.zero_()
        carried_back_0_1_at_2.copy_(finals_back[1].reshape(carried_back_0_1_at_2.shape) if first else carried_back_0_1_at)
        for carried_back_0_0_next_2, carried_back_0_1_next, where_229_2, multiply_479_2, concatenate_594_part_5, concatenate_594_part_6, carried_back_0_0, where_231_2, concatenate_594, carried_back_0_1, add_313_part_5 in zip(carried_back_0_0_next_2_steps, carried_back_0_1_next_steps, where_229_2_steps, multiply_479_2_steps, concatenate_594_part_5_steps, concatenate_594_part_6_steps, carried_back_0_0_steps, where_231_2_steps, concatenate_594_steps, carried_back_0_1_steps, add_313_part_5_steps):
            mul(carried_back_0_1_next, where_229_2, out=add_488)
            add_488.addcmul_(carried_back_0_0_next_2, multiply_479_2)
            mul(carried_back_0_0_next_2, concatenate_594_part_5, out=concatenate_594_part_5)
            mul(add_488_part, concatenate_594_part_6, out=concatenate_594_part_6)
            carried_back_0_0.addcmul_(carried_back_0_0_next_2, where_231_2)
            carried_back_0_0.addmm_(concatenate_594, parameter_3)
            mul(carried_back_0_1_next, where_231_2, out=carried_back_0_1)
            carried_back_0_1.addcmul_(add_488, add_313_part_5)
        # phase 8, all steps of the stretch
        mm(one_hot_t, concatenate_594_2, out=sum_by_symbol_598) if first else sum_by_symbol_598.addmm_(one_hot_t, concatenate_594_2)
        # into the gradients
        total(cotangent, 0, out=gradient_6) if first else gradient_6.add_(cotangent.sum(0))
        mm(cotangent_t, held_0_0, out=gradient_5) if first else gradient_5.addmm_(cotangent_t, held_0_0)
        mm(concatenate_594_2_t, state_0_0, out=gradient_3) if first else gradient_3.addmm_(concatenate_594_2_t, state_0_0)
        first = False
    # when all steps are done
    total(sum_by_symbol_598, 0, out=sum_of_columns_599)
    mm(sum_by_symbol_598, parameter_1, out=linear_601)
    # into the gradients
    gradient_4.copy_(sum_of_columns_599)
    gradient_2.copy_(sum_of_columns_599)
    mm(sum_by_symbol_598_t, parameter_0, out=gradient_1)
    gradient_0.copy_(linear_601)
    return [gradient_0, gradient_1, gradient_2, gradient_3, gradient_4, gradient_5, gradient_6]

# forward: states state_0_0, 5
# forward: steps held_0_0, 5
# forward: states state_0_1, 5
# forward: steps running, 1, truth values
# forward: steps add_183, 2
# forward: steps tanh_465, 5
# forward: scratch add_463, 5
# forward: steps add_313, 20
# forward: vocabulary view_311, 20, zeros
# forward: vocabulary add_18, 20
# forward: one view_309, 100, zeros
# forward: one add_17, 20
# backward: carry carried_back_0_0, 5
# backward: carry carried_back_0_1, 5
# backward: steps cotangent, 2
# backward: vocabulary linear_601, 2
# backward: one sum_of_columns_599, 20
# backward: vocabulary sum_by_symbol_598, 20
# backward: stretch concatenate_594, 20
# backward: scratch add_488, 5
# backward: stretch multiply_582, 15
# backward: stretch multiply_479, 5
# backward: stretch subtract_470, 5
# backward: stretch where_231, 5
# backward: stretch where_229, 5
# number_0 = 1.0
# number_1 = 0.0
