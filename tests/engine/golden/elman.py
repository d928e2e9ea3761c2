def views_forward(buffers, parameters, constants, batch, start, time):
    add_16 = strided(buffers["add_16"], None, 0, 0, (5,), (1,))
    parameter_2 = strided(parameters[2], None, 0, 0, (5,), (1,))
    parameter_4 = strided(parameters[4], None, 0, 0, (5,), (1,))
    add_17 = strided(buffers["add_17"], vocabulary, 5, 0, (5,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 0, (5, 2), (2, 1))
    parameter_1_t = parameter_1.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    tokens = buffers["tokens"][start : start + time].view(-1)
    state_0_0_at = buffers["state_0_0"][0]
    state_0_0_next_2_steps = steps(buffers["state_0_0"], time, 1, 0, (5,), (1,))
    parameter_3 = strided(parameters[3], None, 0, 0, (5, 5), (5, 1))
    parameter_3_t = parameter_3.t()
    state_0_0_steps = steps(buffers["state_0_0"], time, 0, 0, (5,), (1,))
    add_44 = strided(buffers["add_44"], time * batch, 2, 0, (2,), (1,))
    parameter_6 = strided(parameters[6], None, 0, 0, (2,), (1,))
    parameter_5 = strided(parameters[5], None, 0, 0, (2, 5), (5, 1))
    parameter_5_t = parameter_5.t()
    return (add_16, parameter_2, parameter_4, add_17, parameter_1, parameter_1_t, parameter_0, state_0_0_next, tokens, state_0_0_at, state_0_0_next_2_steps, parameter_3, parameter_3_t, state_0_0_steps, add_44, parameter_6, parameter_5, parameter_5_t,)

def forward(views, given):
    (add_16, parameter_2, parameter_4, add_17, parameter_1, parameter_1_t, parameter_0, state_0_0_next, tokens, state_0_0_at, state_0_0_next_2_steps, parameter_3, parameter_3_t, state_0_0_steps, add_44, parameter_6, parameter_5, parameter_5_t,) = views
    # phase 0, all steps at once
    add(parameter_2, parameter_4, out=add_16)
    # phase 1, all steps at once
    addmm(add_16, parameter_0, parameter_1_t, out=add_17)
    # phase 2, all steps at once
    index_select(add_17, 0, tokens, out=state_0_0_next)
    # layer 0, step by step
    if given is None:
        state_0_0_at.fill_(0.0)
    else:
        state_0_0_at.copy_(given[0].reshape(state_0_0_at.shape))
    for state_0_0_next_2, state_0_0 in zip(state_0_0_next_2_steps, state_0_0_steps):
        state_0_0_next_2.addmm_(state_0_0, parameter_3_t)
        tanh(state_0_0_next_2, out=state_0_0_next_2)
    # phase 4, all steps at once
    addmm(parameter_6, state_0_0_next, parameter_5_t, out=add_44)
    # what is predicted
    return add_44


def views_backward(buffers, parameters, constants, batch, start, time):
    multiply_36 = strided(buffers["multiply_36"], time * batch, 5, 0, (5,), (1,))
    number_0 = constants["number_0"]
    state_0_0_next = strided(buffers["state_0_0"], time * batch, 5, (start + 1) * batch * 5 + 0, (5,), (1,))
    carried_back_0_0_next = strided(buffers["carried_back_0_0"], time * batch, 5, (1) * batch * 5 + 0, (5,), (1,))
    parameter_5 = strided(parameters[5], None, 0, 0, (2, 5), (5, 1))
    cotangent = strided(buffers["cotangent"], time * batch, 2, (start) * batch * 2 + 0, (2,), (1,))
    carried_back_0_0_at = buffers["carried_back_0_0"][0]
    carried_back_0_0_at_2 = buffers["carried_back_0_0"][time]
    carried_back_0_0_next_2_steps = steps(buffers["carried_back_0_0"], time, 1, 0, (5,), (1,), True)
    multiply_36_2_steps = steps(buffers["multiply_36"], time, 0, 0, (5,), (1,), True)
    carried_back_0_0_steps = steps(buffers["carried_back_0_0"], time, 0, 0, (5,), (1,), True)
    parameter_3 = strided(parameters[3], None, 0, 0, (5, 5), (5, 1))
    sum_by_symbol_37 = strided(buffers["sum_by_symbol_37"], vocabulary, 5, 0, (5,), (1,))
    one_hot_t = buffers["one_hot"][start * batch : (start + time) * batch].t()
    cotangent_t = cotangent.t()
    multiply_36_t = multiply_36.t()
    state_0_0 = strided(buffers["state_0_0"], time * batch, 5, (start) * batch * 5 + 0, (5,), (1,))
    sum_of_columns_38 = strided(buffers["sum_of_columns_38"], None, 0, 0, (5,), (1,))
    linear_41 = strided(buffers["linear_41"], vocabulary, 2, 0, (2,), (1,))
    parameter_1 = strided(parameters[1], None, 0, 0, (5, 2), (2, 1))
    sum_by_symbol_37_t = sum_by_symbol_37.t()
    parameter_0 = strided(parameters[0], vocabulary, 2, 0, (2,), (1,))
    return (multiply_36, number_0, state_0_0_next, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_36_2_steps, carried_back_0_0_steps, parameter_3, sum_by_symbol_37, one_hot_t, cotangent_t, multiply_36_t, state_0_0, sum_of_columns_38, linear_41, parameter_1, sum_by_symbol_37_t, parameter_0,)

def backward(stretches, given, finals_back, empty):
    (multiply_36, number_0, state_0_0_next, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_36_2_steps, carried_back_0_0_steps, parameter_3, sum_by_symbol_37, one_hot_t, cotangent_t, multiply_36_t, state_0_0, sum_of_columns_38, linear_41, parameter_1, sum_by_symbol_37_t, parameter_0,) = stretches[0]
    gradient_6 = empty((2,))
    gradient_5 = empty((2, 5))
    gradient_4 = empty((5,))
    gradient_3 = empty((5, 5))
    gradient_2 = empty((5,))
    gradient_1 = empty((5, 2))
    gradient_0 = empty((3, 2))
    first = True
    for multiply_36, number_0, state_0_0_next, carried_back_0_0_next, parameter_5, cotangent, carried_back_0_0_at, carried_back_0_0_at_2, carried_back_0_0_next_2_steps, multiply_36_2_steps, carried_back_0_0_steps, parameter_3, sum_by_symbol_37, one_hot_t, cotangent_t, multiply_36_t, state_0_0, sum_of_columns_38, linear_41, parameter_1, sum_by_symbol_37_t, parameter_0, in stretches:
        # phase 5, all steps of the stretch
        addcmul(number_0, state_0_0_next, state_0_0_next, value=-1, out=multiply_36)
        mm(cotangent, parameter_5, out=carried_back_0_0_next)
        # layer 0, step by step back
        carried_back_0_0_at_2.add_(finals_back[0].reshape(carried_back_0_0_at_2.shape) if first else carried_back_0_0_at)
        carried_back_0_0_at.zero_()
        for carried_back_0_0_next_2, multiply_36_2, carried_back_0_0 in zip(carried_back_0_0_next_2_steps, multiply_36_2_steps, carried_back_0_0_steps):
            mul(carried_back_0_0_next_2, multiply_36_2, out=multiply_36_2)
            carried_back_0_0.addmm_(multiply_36_2, parameter_3)
        # phase 8, all steps of the stretch
        mm(one_hot_t, multiply_36, out=sum_by_symbol_37) if first else sum_by_symbol_37.addmm_(one_hot_t, multiply_36)
        # into the gradients
        total(cotangent, 0, out=gradient_6) if first else gradient_6.add_(cotangent.sum(0))
        mm(cotangent_t, state_0_0_next, out=gradient_5) if first else gradient_5.addmm_(cotangent_t, state_0_0_next)
        mm(multiply_36_t, state_0_0, out=gradient_3) if first else gradient_3.addmm_(multiply_36_t, state_0_0)
        first = False
    # when all steps are done
    total(sum_by_symbol_37, 0, out=sum_of_columns_38)
    mm(sum_by_symbol_37, parameter_1, out=linear_41)
    # into the gradients
    gradient_4.copy_(sum_of_columns_38)
    gradient_2.copy_(sum_of_columns_38)
    mm(sum_by_symbol_37_t, parameter_0, out=gradient_1)
    gradient_0.copy_(linear_41)
    return [gradient_0, gradient_1, gradient_2, gradient_3, gradient_4, gradient_5, gradient_6]

# forward: states state_0_0, 5
# forward: steps add_44, 2
# forward: vocabulary add_17, 5
# forward: one add_16, 5
# backward: carry carried_back_0_0, 5
# backward: steps cotangent, 2
# backward: vocabulary linear_41, 2
# backward: one sum_of_columns_38, 5
# backward: vocabulary sum_by_symbol_37, 5
# backward: stretch multiply_36, 5
# number_0 = 1.0
