"""A long table of tests: the quick suite runs one case in N of each, or none (0).

`-m slow` runs the others. Each takes long beside what it adds: its other cases run the same code
with other values, or a smaller test has the same promise. `conftest.py` at the top reads the table.
"""

QUICK_SHARES = {
    "tests/cli/test_bad_code.py": {
        "test_a_cell_of_ones_own_that_is_wrong_is_told_what_and_where": 6,
        "test_a_cell_that_trains_but_breaks_its_promises_is_named_by_show_and_run": 4,
    },
    "tests/cli/test_bad_input.py": {
        "test_a_caret_stands_under_what_is_wrong_in_a_spec": 5,
        "test_what_does_not_exist_or_fit_is_named_with_its_remedy": 2,
    },
    "tests/cli/test_bad_runs.py": {
        "test_a_changed_checkpoint_is_not_trained_on": 2,
        "test_a_log_cut_short_is_told_of_whatever_reads_the_run": 6,
        "test_a_record_of_the_wrong_form_is_named": 3,
        "test_a_truncated_checkpoint_is_not_trained_on": 2,
        "test_lost_lines_of_the_log_are_named": 2,
    },
    "tests/cli/test_bad_studies.py": {
        "test_a_comparison_that_cannot_be_made_is_refused": 4,
        "test_a_sweep_that_cannot_be_made_is_refused": 4,
    },
    "tests/cli/test_bench_tasks.py": {
        "test_a_task_with_modes_is_measured_in_each_that_its_spec_leaves_open": 0,
    },
    "tests/cli/test_check.py": {
        "test_a_mistake_of_a_cell_or_a_readout_is_told": 2,
        "test_a_right_task_has_a_row_for_each_check_and_ends_with_0": 2,
    },
    "tests/cli/test_engine.py": {
        "test_a_run_goes_on_by_another_engine_that_is_asked_for": 2,
        "test_a_run_whose_engine_is_not_to_be_had_says_how_to_go_on": 0,
        "test_the_engine_is_recorded_and_ends_where_the_plain_loop_does": 4,
        "test_where_nothing_can_be_compiled_the_next_engine_runs": 4,
    },
    "tests/cli/test_exporting.py": {
        "test_a_full_disk_leaves_the_earlier_export_intact": 3,
        "test_a_manifest_makes_the_same_bytes_again": 2,
    },
    "tests/cli/test_extreme_arguments.py": {
        "test_an_extreme_argument_list_ends_soon_in_a_line_or_two": 6,
    },
    "tests/cli/test_leave.py": {
        "test_python_is_taken_down_only_where_somebody_may_rely_on_it": 2,
    },
    "tests/cli/test_new.py": {
        "test_a_name_that_cannot_be_used_is_refused_with_another": 6,
    },
    "tests/cli/test_plugins.py": {
        "test_a_command_that_cannot_be_loaded_harms_no_other": 3,
        "test_it_can_be_switched_off": 2,
    },
    "tests/cli/test_predicting_numbers.py": {
        "test_numbers_below_0_are_inputs_and_no_options": 0,
    },
    "tests/cli/test_protocols.py": {
        "test_eval_takes_the_mean_of_a_range_alone_or_beside_lengths": 0,
        "test_lengths_that_cannot_be_split_are_named_and_trained_on": 0,
        "test_what_a_mean_over_a_range_is_of_is_said_as_it_is": 3,
        "test_what_a_protocol_cannot_be_is_refused": 3,
    },
    "tests/cli/test_reading.py": {
        "test_what_needs_no_model_starts_without_torch": 6,
    },
    "tests/cli/test_run.py": {
        "test_a_flag_is_set_and_unset_whatever_the_protocol_says": 2,
        "test_a_named_experiment_shows_its_published_figures": 0,
        "test_a_score_that_a_rule_that_learns_nothing_reaches_is_marked": 0,
    },
    "tests/cli/test_run_seeds.py": {
        "test_a_cell_that_ends_the_program_is_no_success": 2,
        "test_json_stays_json_though_a_cell_prints": 2,
        "test_what_makes_no_study_is_refused_in_a_line": 4,
    },
    "tests/cli/test_show.py": {
        "test_show_says_the_lengths_that_are_trained": 2,
        "test_show_says_what_the_modes_mean_that_the_spec_leaves_open": 6,
    },
    "tests/cli/test_signals.py": {
        "test_a_signal_during_an_export_leaves_nothing": 6,
        "test_a_signal_ends_a_run_while_its_data_are_drawn": 4,
        "test_a_signal_ends_a_run_while_its_program_is_compiled": 3,
        "test_ctrl_c_ends_other_commands_in_a_line": 2,
    },
    "tests/cli/test_stopping.py": {
        "test_a_run_killed_before_its_first_checkpoint_starts_again_to_the_same_bits": 0,
        "test_a_signal_ends_a_run_with_a_checkpoint_and_says_how_to_go_on": 3,
        "test_more_steps_give_the_bits_of_a_run_asked_for_them_at_once": 0,
    },
    "tests/cli/test_strangers_text.py": {
        "test_escape_sequences_of_a_record_are_shown_as_text": 5,
        "test_escape_sequences_of_a_result_are_shown_as_text": 2,
    },
    "tests/cli/test_streams.py": {
        "test_a_current_folder_that_is_gone_is_told_in_a_line": 4,
        "test_an_answer_that_cannot_be_written_is_told_in_a_line": 6,
        "test_an_input_that_is_no_text_is_named": 0,
        "test_characters_that_an_encoding_lacks_are_written_as_escapes": 0,
    },
    "tests/cli/test_terminal.py": {
        "test_a_terminal_of_80_columns_shows_a_bar_and_a_readable_table": 2,
    },
    "tests/cli/test_trust.py": {
        "test_a_state_folder_that_cannot_be_used_is_no_error": 4,
        "test_another_user_is_asked_once_and_never_again": 4,
    },
    "tests/cli/test_wrapping.py": {
        "test_show_keeps_to_the_terminal_but_for_its_table": 3,
    },
    "tests/core/test_alone.py": {
        "test_roundings_and_draws_are_not_taken_for_rows_that_mix": 2,
    },
    "tests/core/test_any_module.py": {
        "test_a_program_gives_the_plain_loops_numbers_or_says_why_there_is_none": 10,
        "test_outputs_and_gradients_are_those_of_the_module_called_by_hand": 2,
    },
    "tests/core/test_any_module_refusals.py": {
        "test_what_could_be_read_in_two_ways_or_in_none_is_refused": 2,
        "test_what_is_returned_is_told_apart_by_trial_at_any_size": 2,
    },
    "tests/core/test_arguments.py": {
        "test_what_are_no_lengths_is_named": 3,
    },
    "tests/core/test_belonging.py": {
        "test_what_decides_no_weights_may_be_edited": 4,
        "test_what_was_edited_in_a_record_is_named": 2,
    },
    "tests/core/test_benchmark_contenders.py": {
        "test_compiled_loops_train_the_same_model": 2,
        "test_every_contender_learns": 3,
        "test_the_seeds_loop_and_our_engines_train_the_same_model": 12,
        "test_torchs_layers_train_the_same_model": 4,
    },
    "tests/core/test_blocks.py": {
        "test_no_thread_survives_a_run": 2,
    },
    "tests/core/test_cell_checks.py": {
        "test_a_mistake_is_caught_by_the_check_that_names_it": 6,
        "test_an_unusual_cell_is_not_flagged": 2,
    },
    "tests/core/test_cells.py": {
        "test_gradients_agree_with_finite_differences": 2,
    },
    "tests/core/test_checkpoint_cadence.py": {
        "test_a_run_goes_on_from_a_checkpoint_by_the_clock_to_the_same_bits": 3,
        "test_checkpoints_by_the_clock_change_no_number": 2,
    },
    "tests/core/test_checkpoints.py": {
        "test_a_checkpoint_with_any_byte_changed_is_refused": 2,
    },
    "tests/core/test_definitions.py": {
        "test_whatever_a_definition_uses_of_its_package_counts": 2,
    },
    "tests/core/test_evaluation.py": {
        "test_a_small_domain_is_scored_whole_and_exactly": 3,
        "test_the_size_of_portions_does_not_change_the_result": 2,
    },
    "tests/core/test_example_plugin.py": {
        "test_task_and_cell_run_from_python_and_nothing_is_printed": 0,
    },
    "tests/core/test_experiment_files.py": {
        "test_an_experiment_is_registered_as_data_an_object_or_a_file": 0,
    },
    "tests/core/test_export.py": {
        "test_a_manifest_makes_the_same_bytes_again": 2,
    },
    "tests/core/test_export_datasets.py": {
        "test_a_manifest_makes_the_same_folder_again_in_another_process": 0,
        "test_the_library_reads_back_the_instances_of_the_archive": 2,
    },
    "tests/core/test_faces.py": {
        "test_a_plugins_imports_need_no_torch": 2,
    },
    "tests/core/test_fitting.py": {
        "test_parameters_are_counted_without_a_model": 6,
        "test_what_is_in_use_already_is_not_there": 0,
    },
    "tests/core/test_fixed_set.py": {
        "test_every_engine_trains_on_the_same_inputs_and_a_resume_goes_on": 0,
        "test_few_inputs_are_learnt_by_heart_and_the_others_are_not": 0,
    },
    "tests/core/test_holdout.py": {
        "test_a_run_never_trains_on_what_it_is_scored_on": 2,
        "test_a_split_parts_the_whole_domain": 2,
    },
    "tests/core/test_intervals.py": {
        "test_the_interval_of_a_mean_of_strata_holds_as_often_as_it_says": 4,
        "test_the_interval_of_a_thousand_instances_holds_near_a_perfect_score": 2,
        "test_the_interval_of_clustered_trials_holds_the_truth": 2,
    },
    "tests/core/test_journeys.py": {
        "test_a_journey_is_short_and_goes_the_way_of_a_real_run": 2,
    },
    "tests/core/test_many_runs.py": {
        "test_runs_are_listed_without_torch": 2,
    },
    "tests/core/test_model.py": {
        "test_a_mixed_batch_predicts_and_learns_as_its_instances_alone": 3,
    },
    "tests/core/test_model_mistakes.py": {
        "test_a_broken_promise_is_named_and_the_model_left_as_it_is": 5,
        "test_a_run_says_in_a_line_what_may_be_wrong": 2,
    },
    "tests/core/test_model_state.py": {
        "test_what_a_checkpoint_cannot_hold_is_refused_before_training": 3,
    },
    "tests/core/test_module_classes.py": {
        "test_a_run_of_them_is_made_read_and_resumed_in_the_shell": 0,
        "test_a_wrong_name_is_shown_at_its_place_with_the_nearest": 2,
        "test_what_is_no_proper_subclass_is_refused_in_one_line": 2,
    },
    "tests/core/test_neighbours.py": {
        "test_a_run_is_read_and_gone_on_with_from_its_copies": 2,
        "test_neighbours_reach_spawned_workers_of_a_loader": 0,
    },
    "tests/core/test_observers.py": {
        "test_an_observer_that_raises_is_named_once_and_hears_no_more": 4,
    },
    "tests/core/test_observers_that_end_runs.py": {
        "test_an_observer_ends_a_run_with_a_result_and_resume_goes_on_to_the_same_bits": 4,
        "test_whatever_an_observer_raises_the_run_goes_on": 3,
    },
    "tests/core/test_old_runs.py": {
        "test_an_old_run_is_resumed_to_the_weights_of_one_made_now": 12,
    },
    "tests/core/test_origins.py": {
        "test_a_class_is_not_imported_unless_trusted_and_installed_by_what_the_record_holds": 4,
        "test_a_record_that_says_little_is_held_to_what_it_says": 2,
        "test_a_version_that_is_no_whole_number_from_1_is_refused": 2,
        "test_another_definition_is_said_by_load_and_refused_by_resume": 3,
    },
    "tests/core/test_other_processes.py": {
        "test_everything_pickles": 2,
    },
    "tests/core/test_parameter_memory.py": {
        "test_a_parameter_is_trained_alike_however_it_lies_in_memory": 4,
        "test_a_resumed_run_goes_on_to_the_same_bits_however_a_parameter_lies": 4,
        "test_complex_parameters_stay_complex_and_are_trained_and_kept": 4,
        "test_parameters_that_overlap_in_memory_are_refused_before_training": 2,
    },
    "tests/core/test_plots.py": {
        "test_a_logarithmic_axis_shows_more_than_one_number": 3,
        "test_an_error_and_a_share_of_variance_have_axes_of_their_own": 0,
        "test_ticks_of_steps_and_lengths_are_whole_numbers": 2,
    },
    "tests/core/test_plugin_checks.py": {
        "test_a_planted_mistake_is_caught_by_its_check_alone": 6,
        "test_a_requirement_that_is_missing_or_does_not_fit_is_named": 2,
    },
    "tests/core/test_plugin_isolation.py": {
        "test_a_broken_plugin_is_set_aside_with_one_line_that_says_why": 2,
        "test_one_thing_registered_wrongly_is_left_out_alone": 2,
    },
    "tests/core/test_preparing.py": {
        "test_a_resume_is_asked_for_whole_steps": 4,
    },
    "tests/core/test_published_protocols.py": {
        "test_published_training_has_zeros_after_end_and_published_scores_ignore_them": 12,
        "test_the_published_figure_stands_beside_the_measured_one_of_the_same_range": 0,
        "test_the_tape_jumps_by_the_length_of_the_input": 2,
    },
    "tests/core/test_readout_checks.py": {
        "test_a_mistake_is_caught_by_the_check_that_names_it": 4,
    },
    "tests/core/test_records.py": {
        "test_a_module_of_ones_own_that_is_defined_otherwise_is_told_of": 4,
        "test_sources_of_the_wrong_form_are_damage": 6,
    },
    "tests/core/test_replaced_functions.py": {
        "test_a_plugin_that_replaces_a_function_of_torch_is_named_and_it_is_put_back": 2,
    },
    "tests/core/test_schedules.py": {
        "test_every_engine_takes_the_steps_of_the_schedule": 4,
    },
    "tests/core/test_task_checks.py": {
        "test_a_mistake_fails_the_check_of_its_name_and_no_other": 12,
        "test_a_process_that_has_ended_is_started_anew": 0,
        "test_a_right_task_fails_no_check": 3,
        "test_a_task_that_imports_torch_is_found": 12,
        "test_settings_that_do_not_learn_the_task_are_found_by_training": 0,
    },
    "tests/core/test_task_dataset.py": {
        "test_a_task_of_a_file_of_ones_own_reaches_spawned_workers": 0,
        "test_rank_and_world_size_are_those_of_a_process_group": 0,
        "test_real_workers_yield_a_ranks_batches_in_order": 2,
        "test_workers_see_the_epoch_that_was_set_last": 2,
    },
    "tests/core/test_task_mistakes.py": {
        "test_a_mistake_is_named_before_the_task_is_used": 4,
        "test_a_number_of_inputs_that_is_none_is_named": 2,
        "test_a_score_is_called_exact_only_if_all_inputs_are_listed_that_are_drawn": 2,
        "test_an_instance_whose_parameters_are_not_known_is_not_recorded": 2,
    },
    "tests/core/test_tasks_without_torch.py": {
        "test_a_dataset_is_what_imports_torch": 0,
    },
    "tests/core/test_token_sets.py": {
        "test_a_cell_learns_sets_and_is_scored_on_them": 0,
    },
    "tests/core/test_torch_randomness.py": {
        "test_a_trainer_draws_as_a_loop_with_the_global_generator": 2,
        "test_runs_in_threads_are_those_alone_while_others_draw": 5,
    },
    "tests/core/test_torch_settings.py": {
        "test_a_run_is_loaded_and_resumed_alike_whatever_is_set": 3,
        "test_a_run_is_the_same_whatever_is_set_round_it": 12,
        "test_threads_share_the_settings_of_the_process_and_the_last_puts_them_back": 0,
    },
    "tests/core/test_torchrecurrent.py": {
        "test_outputs_and_gradients_are_those_of_the_cell_called_by_hand": 3,
    },
    "tests/core/test_training.py": {
        "test_a_restored_trainer_goes_on_bit_by_bit": 2,
        "test_training_is_the_hand_written_loop_bit_by_bit": 2,
    },
    "tests/core/test_trivial.py": {
        "test_every_registered_task_has_scores_to_compare_with": 4,
    },
    "tests/core/test_trivial_places.py": {
        "test_the_commonest_of_each_place_reads_nothing_but_the_length": 2,
    },
    "tests/core/test_unroll.py": {
        "test_instances_of_mixed_lengths_run_as_they_do_alone": 10,
    },
    "tests/engine/passes/test_tensor_rewrites.py": {
        "test_a_rewriting_keeps_the_value_of_everything_that_is_computed": 4,
    },
    "tests/engine/test_annealing.py": {
        "test_training_is_the_plain_loops": 3,
    },
    "tests/engine/test_attributes.py": {
        "test_a_cell_is_not_kept_alive_by_what_is_known_of_its_attributes": 2,
        "test_a_change_is_noticed": 12,
        "test_a_tensor_in_the_place_of_none_is_noticed": 3,
        "test_an_attribute_that_holds_much_costs_little_at_each_call": 10,
    },
    "tests/engine/test_autograd.py": {
        "test_what_no_gradient_reaches_has_none": 3,
    },
    "tests/engine/test_columns.py": {
        "test_a_cell_may_compute_on_columns": 12,
    },
    "tests/engine/test_compiler.py": {
        "test_a_compiler_that_was_killed_is_tried_again_and_no_reason_for_another_engine": 4,
        "test_a_home_that_cannot_be_written": 0,
        "test_a_sanitizer_that_had_to_come_before_python_is_refused_with_what_to_do": 3,
    },
    "tests/engine/test_compiler_cache.py": {
        "test_a_folder_above_the_cache_that_others_can_write_is_refused": 2,
    },
    "tests/engine/test_compiler_failures.py": {
        "test_what_goes_wrong_is_told_in_one_line": 3,
    },
    "tests/engine/test_complex.py": {
        "test_functions_of_complex_numbers_are_those_of_torch": 2,
    },
    "tests/engine/test_computed_parameters.py": {
        "test_it_runs_as_the_plain_loop": 2,
    },
    "tests/engine/test_constants.py": {
        "test_a_mask_of_a_parameter_follows_it": 6,
        "test_a_tensor_written_unseen_is_noticed": 12,
        "test_an_attribute_that_shares_a_parameters_memory_follows_it": 4,
    },
    "tests/engine/test_constraints.py": {
        "test_training_is_the_plain_loops": 6,
    },
    "tests/engine/test_corpus.py": {
        "test_a_program_computes_what_torch_does": 2,
        "test_each_is_recorded_or_refused_by_name": 8,
    },
    "tests/engine/test_counted_draws.py": {
        "test_a_function_draws_alike_in_all_engines": 56,
        "test_a_part_of_a_batch_draws_what_it_draws_in_the_whole": 2,
        "test_a_seed_lets_calls_of_ones_own_draw_alike_in_all_engines": 2,
        "test_embedding_output_and_readout_draw_alike": 2,
        "test_functions_draw_alike_one_after_the_other_in_float32": 2,
        "test_portions_of_a_sequence_draw_what_the_whole_draws": 2,
    },
    "tests/engine/test_devices.py": {
        "test_a_program_lives_on_the_device_of_its_model": 6,
    },
    "tests/engine/test_drawing_networks.py": {
        "test_a_resumed_run_goes_on_to_the_same_bits": 2,
        "test_in_float32_the_curves_are_the_same_within_noise": 2,
    },
    "tests/engine/test_draws.py": {
        "test_a_draw_however_small_is_refused": 6,
    },
    "tests/engine/test_edges.py": {
        "test_equal_numbers_deviate_by_nothing": 3,
        "test_functions_are_those_of_torch_at_their_edges": 12,
    },
    "tests/engine/test_embeddings.py": {
        "test_a_run_trains_every_parameter_of_an_embedding_of_ones_own": 2,
        "test_an_embedding_of_ones_own_gives_what_the_plain_loop_gives": 5,
    },
    "tests/engine/test_equations.py": {
        "test_equations_are_those_of_torch": 5,
    },
    "tests/engine/test_exactness.py": {
        "test_a_cell_from_given_states_and_at_mixed_lengths": 12,
        "test_a_cell_in_float32_from_its_own_state": 6,
        "test_a_cell_whose_memory_grows_with_the_number_of_steps": 2,
        "test_a_gradient_that_is_nothing_but_roundings_is_no_difference": 2,
    },
    "tests/engine/test_factored_products.py": {
        "test_results_and_gradients_are_those_of_the_plain_loop": 2,
    },
    "tests/engine/test_given_lengths.py": {
        "test_lengths_of_a_narrow_type_do_not_wrap": 6,
    },
    "tests/engine/test_golden_sources.py": {
        "test_a_source_is_what_it_was": 2,
    },
    "tests/engine/test_gradients_in_a_step.py": {
        "test_a_gradient_within_a_step_has_its_own_gradient": 2,
        "test_what_depends_on_other_rows_or_stops_within_is_not_run_by_a_program": 2,
    },
    "tests/engine/test_growing.py": {
        "test_a_stack_makes_one_program_for_all_lengths_of_a_depth": 2,
        "test_a_step_that_learns_the_number_of_steps_runs_by_the_plain_loop": 3,
        "test_an_attribute_that_says_the_number_already_is_no_way_around": 2,
        "test_each_number_of_steps_gets_the_program_of_its_own_initial_state": 6,
        "test_the_initial_state_learns_with_each_number_of_steps": 2,
        "test_the_program_used_longest_ago_makes_room_for_a_new_one": 2,
        "test_training_at_changing_lengths": 3,
    },
    "tests/engine/test_heads.py": {
        "test_a_state_may_start_at_an_infinity_or_no_number": 2,
        "test_a_weight_of_several_axes_has_its_gradient_by_the_native_engine": 2,
        "test_a_weight_of_several_axes_has_its_gradient_by_the_torch_engine": 6,
        "test_an_output_may_be_the_same_for_all_rows": 2,
    },
    "tests/engine/test_in_place.py": {
        "test_it_runs_as_the_plain_loop": 2,
    },
    "tests/engine/test_inputs.py": {
        "test_inputs_that_lie_oddly_in_memory": 2,
    },
    "tests/engine/test_kept_memory.py": {
        "test_two_passes_forward_before_one_back_keep_their_numbers": 2,
    },
    "tests/engine/test_large_models.py": {
        "test_products_of_all_sizes_together_are_exact": 2,
    },
    "tests/engine/test_memory.py": {
        "test_a_step_of_middling_size": 0,
    },
    "tests/engine/test_missing_programs.py": {
        "test_a_compiler_that_is_gone_after_the_first_step": 3,
        "test_more_numbers_of_steps_than_programs_are_kept": 0,
    },
    "tests/engine/test_models.py": {
        "test_every_cell_at_every_shape": 5,
        "test_frozen_matrices_leave_the_biases_their_gradient": 3,
        "test_layers_that_share_a_cell_and_matrices_that_share_a_parameter": 2,
        "test_mixed_lengths_given_states_and_histories": 12,
    },
    "tests/engine/test_modules.py": {
        "test_a_copy_goes_its_own_way": 2,
        "test_evaluation_and_prediction": 2,
        "test_programs_live_no_longer_than_their_cell": 2,
        "test_threads_that_share_a_model": 2,
    },
    "tests/engine/test_named_engines.py": {
        "test_a_batch_that_only_the_plain_loop_takes_is_an_error": 2,
        "test_a_cell_that_is_not_understood_is_an_error_in_a_loop_of_ones_own": 2,
    },
    "tests/engine/test_numbers_of_rows.py": {
        "test_a_step_that_asks_for_the_number_of_rows_runs_by_an_engine": 5,
        "test_a_step_that_looks_for_a_number_of_rows_met_later_runs_by_the_plain_loop": 2,
        "test_a_weight_repeated_as_often_as_a_recording_has_rows_is_no_batch": 6,
    },
    "tests/engine/test_observed.py": {
        "test_several_gradients_at_once_are_those_of_the_plain_loop": 2,
    },
    "tests/engine/test_odd_cells.py": {
        "test_it_runs_and_agrees": 6,
    },
    "tests/engine/test_one_row.py": {
        "test_a_step_that_treats_each_row_alone_is_recorded_on_one": 3,
    },
    "tests/engine/test_outside.py": {
        "test_the_states_are_put_back_where_there_is_one_thread": 0,
    },
    "tests/engine/test_own_functions.py": {
        "test_own_gradients_are_those_of_the_plain_loop": 16,
    },
    "tests/engine/test_packed_memories.py": {
        "test_values_states_and_gradients_are_those_of_the_plain_loop": 3,
    },
    "tests/engine/test_padding.py": {
        "test_a_cell_that_divides_has_the_gradients_of_rows_alone": 3,
        "test_a_model_that_divides_learns_as_from_rows_alone": 2,
        "test_an_instance_without_steps_leaves_no_trace": 2,
        "test_scoring_in_portions_ends_where_rows_alone_end": 2,
    },
    "tests/engine/test_pairs.py": {
        "test_pairs_of_units_equal_the_plain_loop": 2,
    },
    "tests/engine/test_paper_cells.py": {
        "test_it_runs_and_agrees": 6,
        "test_two_layers_of_two_kinds_in_a_model_of_real_vectors": 2,
    },
    "tests/engine/test_parameters.py": {
        "test_another_type": 2,
        "test_changes_from_outside_are_seen_at_once": 2,
        "test_parameters_that_are_unused_frozen_or_shared": 2,
    },
    "tests/engine/test_penalties.py": {
        "test_the_penalty_is_the_mean_over_the_steps_that_instances_have": 8,
        "test_training_is_the_plain_loops": 8,
    },
    "tests/engine/test_places.py": {
        "test_equal_numbers_stand_in_the_order_of_torch": 2,
        "test_sorting_along_any_axis_is_undone_by_scattering": 2,
    },
    "tests/engine/test_pointwise.py": {
        "test_every_operation_has_the_value_and_the_gradient_of_torch": 4,
    },
    "tests/engine/test_portions.py": {
        "test_a_long_stack_is_not_kept_for_all_steps": 0,
        "test_a_stack_goes_on_in_portions_by_the_engine": 2,
        "test_ids_through_layers": 2,
        "test_outputs_finals_and_histories_are_those_of_all_steps_at_once": 3,
        "test_small_portions_with_larger_states_are_run_by_the_loop_under_auto": 2,
        "test_states_that_do_not_fit_are_no_reason_against_other_calls": 2,
    },
    "tests/engine/test_processors.py": {
        "test_large_products_by_the_instructions_a_processor_has": 6,
    },
    "tests/engine/test_random_cells.py": {
        "test_a_sample": 2,
    },
    "tests/engine/test_reads_from_outside.py": {
        "test_a_change_of_what_the_code_reads_from_outside_is_noticed": 12,
    },
    "tests/engine/test_recognised.py": {
        "test_a_cell_that_looks_at_the_number_of_rows_is_found_out_with_any": 8,
        "test_dropout_is_nothing_in_evaluation_and_random_in_training": 2,
        "test_hooks_run_whenever_they_are_added": 2,
        "test_no_program_is_made_for_each_of_many_changes": 2,
        "test_the_analysis_refuses_it_and_the_plain_loop_runs_it": 6,
        "test_the_trial_catches_what_the_analysis_cannot_see": 3,
    },
    "tests/engine/test_replaced_parts.py": {
        "test_a_copy_with_a_new_head_runs_its_own": 2,
        "test_a_model_with_something_replaced_computes_what_the_plain_loop_does": 12,
        "test_a_part_that_is_exchanged_in_place_keeps_the_engine": 2,
        "test_a_run_trains_a_hooked_or_patched_model_as_the_plain_loop_does": 3,
        "test_what_an_observer_does_to_a_model_in_a_run_is_noticed": 4,
    },
    "tests/engine/test_rows_elsewhere.py": {
        "test_it_runs_as_the_plain_loop": 2,
    },
    "tests/engine/test_rules.py": {
        "test_every_function_has_the_value_and_the_gradient_of_torch": 8,
    },
    "tests/engine/test_sanitizers.py": {
        "test_every_built_in_cell": 0,
    },
    "tests/engine/test_single_precision.py": {
        "test_float32_within_float64_is_rounded_as_torch_rounds_it": 3,
    },
    "tests/engine/test_step_numbers.py": {
        "test_a_program_follows_the_number_of_each_instance": 3,
        "test_other_uses_of_a_number_are_refused": 2,
    },
    "tests/engine/test_tensor_programs.py": {
        "test_real_inputs_get_their_gradient_in_stretches_too": 5,
        "test_several_layers_in_stretches": 5,
        "test_stretches_of_the_pass_back_and_memory_that_holds_anything_at_first": 12,
    },
    "tests/engine/test_threads.py": {
        "test_a_model_that_many_threads_call_at_once_gets_one_program": 2,
    },
    "tests/engine/test_time_and_before.py": {
        "test_a_program_that_takes_chunks_of_steps_counts_on": 3,
        "test_predictions_states_and_gradients_are_the_plain_loops": 5,
    },
    "tests/engine/test_training_steps.py": {
        "test_a_frozen_parameter_stays_as_it_is": 2,
        "test_a_gradient_clipped_to_nothing": 2,
        "test_a_run_goes_on_by_another_engine": 3,
        "test_a_run_goes_on_from_a_checkpoint_to_the_bit": 6,
        "test_a_run_that_diverges_is_noticed_in_the_same_step": 2,
        "test_a_state_of_two_tensors_and_two_layers": 2,
        "test_clipping": 2,
        "test_every_loss": 6,
        "test_every_optimizer": 3,
        "test_the_same_bits_every_time_and_in_stretches_of_any_size": 2,
        "test_training_is_seen_by_further_torch_code_at_once": 2,
        "test_two_threads": 2,
    },
    "tests/engine/test_trial.py": {
        "test_a_program_is_tried_where_no_gradients_are_kept": 2,
        "test_a_wrong_gradient_is_found_however_small_beside_the_others": 4,
        "test_numbers_that_are_not_finite_are_compared_as_such": 2,
        "test_what_goes_wrong_after_many_steps_is_found": 2,
    },
    "tests/engine/test_trial_faults.py": {
        "test_a_derivative_that_is_a_hundredth_off_is_found": 2,
    },
    "tests/engine/test_trial_roundings.py": {
        "test_a_readout_of_zeros_is_no_false_alarm": 3,
        "test_what_rounding_explains_is_no_false_alarm": 6,
    },
    "tests/engine/test_unseen_calls.py": {
        "test_a_compiled_module_runs_as_the_plain_loop": 2,
    },
    "tests/engine/test_unused_parameters.py": {
        "test_a_run_goes_on_from_where_some_were_not_used": 6,
        "test_gradients_are_none_where_the_plain_loop_has_none": 2,
        "test_what_is_put_out_two_steps_later": 2,
        "test_what_is_written_to_a_memory_in_a_batch_of_one_step": 6,
        "test_what_nothing_reads_has_the_gradient_that_torch_gives_it": 2,
    },
    "tests/engine/test_weights_of_weights.py": {
        "test_weights_computed_from_weights_run_as_the_plain_loop": 12,
    },
    "tests/engine/test_whole_states.py": {
        "test_it_runs_as_a_loop_in_torch": 2,
    },
    "tests/engine/test_whole_training.py": {
        "test_a_program_compiled_as_for_users_is_right": 4,
        "test_every_cell_is_trained_as_by_the_plain_loop": 12,
        "test_odd_models_are_trained_as_by_the_plain_loop": 12,
        "test_real_inputs_and_sets_are_trained_as_by_the_plain_loop": 4,
    },
    "tests/engine/test_written.py": {
        "test_written_functions_are_those_of_torch": 3,
    },
    "tests/engine/test_zero_gradients.py": {
        "test_a_parameter_has_zeros_where_torch_gives_zeros_and_none_where_it_gives_none": 12,
        "test_a_rounded_parameter_decays_in_training_by_every_engine": 2,
    },
    "tests/plugins/test_bits.py": {
        "test_answers_to_drawn_numbers_up_to_500_bits_are_those_of_arithmetic": 2,
        "test_tasks_are_found_and_drawn_from_without_torch": 2,
    },
    "tests/plugins/test_cells_in_portions.py": {
        "test_a_tape_as_long_as_its_loop_does_not_go_on_from_a_state": 3,
        "test_portions_compute_what_the_whole_does": 6,
    },
    "tests/plugins/test_cells_learning.py": {
        "test_a_cell_learns_a_small_batch_without_an_error": 12,
        "test_a_delta_net_learns_parity_only_with_negative_eigenvalues": 0,
    },
    "tests/plugins/test_cells_parameters.py": {
        "test_every_cell_is_made_by_its_name_and_summarised_in_a_line": 2,
    },
    "tests/plugins/test_cells_promises.py": {
        "test_a_cell_keeps_its_promises": 12,
        "test_a_readout_keeps_its_promises": 2,
    },
    "tests/plugins/test_chomsky_oracles.py": {
        "test_answers_to_drawn_inputs_are_right_from_the_shortest_length_to_500": 2,
    },
    "tests/plugins/test_every_task.py": {
        "test_a_registered_task_keeps_what_a_task_must": 12,
        "test_what_is_no_generator_is_refused_by_the_tasks_name": 3,
    },
    "tests/plugins/test_groups_tasks.py": {
        "test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader": 3,
    },
    "tests/plugins/test_languages_answers.py": {
        "test_every_short_string_has_the_sets_that_can_still_be_completed": 2,
        "test_thousands_of_strings_up_to_500_symbols_are_recognised": 6,
    },
    "tests/plugins/test_languages_drawing.py": {
        "test_every_member_of_a_length_is_as_likely_as_any_other": 2,
        "test_members_of_any_allowed_length_are_members": 2,
        "test_there_are_as_many_longer_brackets_as_is_known": 3,
    },
    "tests/plugins/test_languages_sets.py": {
        "test_sets_and_membership_of_thousands_of_strings_are_those_of_slow_readers": 6,
    },
    "tests/plugins/test_memory_answers.py": {
        "test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader": 4,
        "test_the_pulses_held_are_those_of_a_loop": 2,
    },
    "tests/plugins/test_recall_answers.py": {
        "test_answers_to_drawn_inputs_of_lengths_up_to_500_are_those_of_a_slow_reader": 5,
        "test_answers_to_every_small_input_are_those_of_a_slow_reader": 4,
    },
    "tests/plugins/test_recall_draws.py": {
        "test_mqar_asks_at_gaps_of_a_power_law_drawn_one_after_another": 4,
    },
    "tests/studies/test_array_jobs.py": {
        "test_a_job_that_is_not_there_is_refused": 4,
        "test_only_a_study_is_collected": 0,
        "test_slurm_goes_with_no_backend": 0,
    },
    "tests/studies/test_matching.py": {
        "test_each_cell_gets_the_size_nearest_to_the_first_cells_trained_numbers": 3,
    },
    "tests/studies/test_replicas.py": {
        "test_a_cell_that_decides_by_its_own_draws_equals_runs_alone": 2,
        "test_a_group_that_serves_a_second_block_gives_the_same_numbers": 2,
        "test_an_experiment_that_cannot_be_run_fails_in_one_line_for_each_seed": 0,
        "test_replicas_of_every_engine_equal_runs_alone": 3,
        "test_replicas_of_every_kind_of_task_equal_runs_alone": 8,
        "test_replicas_trained_in_groups_equal_runs_alone": 8,
        "test_weights_that_are_not_finite_at_the_end_are_a_divergence": 0,
    },
    "tests/studies/test_selection.py": {
        "test_a_study_stopped_anywhere_goes_on_to_the_same_choice": 4,
    },
    "tests/studies/test_study_folders.py": {
        "test_a_damaged_line_is_refused_by_its_field": 2,
        "test_an_argument_of_a_wrong_type_is_named_before_anything_is_made": 3,
        "test_an_edited_record_is_refused": 3,
    },
    "tests/studies/test_tune.py": {
        "test_a_stopped_search_goes_on_with_the_same_proposals": 3,
    },
}
