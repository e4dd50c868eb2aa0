-- Who may use what.
--
-- Every schema, routine, table, view, sequence and type of the extension stands
-- in a list below with the roles that may use it; the lists are compared with the
-- catalogs in both directions, so that nothing new comes without a decision.
-- Then logins that are members of one role each try it.

BEGIN;
SET LOCAL client_min_messages = warning;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.lines(text) RETURNS SETOF text LANGUAGE sql
RETURN regexp_split_to_table(btrim($1, E' \t\n'), '\n\s*');

-- ---------------------------------------------------------------- routines

CREATE TEMP TABLE wanted_routine (who text NOT NULL, routine text PRIMARY KEY);

-- The toolkit.
INSERT INTO wanted_routine SELECT 'admin analyst identity loader', pg_temp.lines($$
	aged_count(double precision,timestamp with time zone,interval,timestamp with time zone)
	aml(text)
	burst_states(timeline,double precision,double precision,interval)
	before_after(bigint,bigint,boolean)
	benjamini_hochberg(double precision[])
	burstiness(timeline)
	bursts(timeline,double precision,double precision,interval)
	caller_clusters(bigint,bigint,double precision)
	caller_clusters(text,text,double precision)
	concentration(bigint)
	connected_components(bigint,bigint)
	connected_components(text,text)
	contact_rate(timeline,timestamp with time zone,timestamp with time zone,double precision,interval)
	contact_fault(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,date,integer,double precision,double precision,double precision,text,text,text,text,text,text,text,text,text,text)
	valid_contact(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,date,integer,double precision,double precision,double precision,text,text,text,text,text,text,text,text,text,text)
	criteria(text)
	criterion_cmp(criterion,criterion)
	criterion_eq(criterion,criterion)
	criterion_ge(criterion,criterion)
	criterion_gt(criterion,criterion)
	criterion_hash(criterion)
	criterion_hash_extended(criterion,bigint)
	criterion_le(criterion,criterion)
	criterion_lt(criterion,criterion)
	criterion_ne(criterion,criterion)
	daily_counts(timeline,text)
	damerau_levenshtein(text,text)
	date_similarity(date,date)
	decayed_count(timeline,interval,timestamp with time zone)
	decayed_count_agg(timestamp with time zone,interval,timestamp with time zone)
	demand_measures(timeline,timestamp with time zone,criterion[],demand_model,interval)
	demand_model_agg(bigint,double precision,double precision)
	demand_model_agg(timeline,timestamp with time zone,interval)
	demand_summary(timeline,timestamp with time zone,interval)
	dispersion(timeline,timestamp with time zone,timestamp with time zone,interval)
	e_test(bigint,double precision,bigint,double precision,double precision,text)
	effect_size(double precision,double precision,double precision,double precision)
	filler_fold(text,text)
	is_certain_filler(text,text)
	is_filler(text,text)
	shipped_filler()
	empirical_bayes(double precision,double precision,double precision,double precision)
	episodes(timeline,criterion)
	episodes(timeline,criterion[],timestamp with time zone,timestamp with time zone)
	escalation(timeline,timestamp with time zone,escalation_prior,double precision,interval,double precision)
	escalation_prior(timeline,timestamp with time zone)
	escalation_prior(timeline,timestamp with time zone,interval)
	expected_contacts(timeline,demand_model,timestamp with time zone,interval)
	expected_occasions(bigint,double precision,double precision,demand_model,double precision)
	expected_occasions(demand_model,double precision)
	expected_occasions(timeline,demand_model,timestamp with time zone,interval)
	first_met(timeline,criterion)
	gap_profile(timeline)
	hawkes(timeline,timestamp with time zone,timestamp with time zone,interval)
	hawkes_intensity(timeline,timestamp with time zone,double precision,double precision,double precision)
	hawkes_log_likelihood(timeline,timestamp with time zone,timestamp with time zone,double precision,double precision,double precision)
	heatmap(timeline,text)
	hour_of_week(timeline,text)
	interrupted_time_series(bigint,integer,integer)
	gamma_prior_agg(bigint,double precision)
	hours_saved(double precision,double precision,double precision,double precision,double precision,double precision,double precision)
	jaro_winkler(text,text)
	jsonb(timeline)
	last_at(timeline)
	linkage_model_check(jsonb)
	logistic_agg(boolean,double precision[],double precision)
	logistic_probability(double precision[],double precision[])
	match_probability(integer[],match_weights)
	match_weight(integer[],match_weights)
	match_weight_waterfall(integer[],match_weights)
	match_weights_agg(integer[],bigint)
	meets(timeline,criterion)
	name_key(text)
	peak(timeline,interval)
	peak_window(timeline,interval)
	persona_key(text,text,text,date,text,text,text,text,text,jsonb)
	persona_keys_of_number(text,text)
	phone(text,text)
	phone_kind(text,text)
	poisson_interval(bigint,double precision)
	postcode_parts(text)
	prediction_quality(double precision,boolean)
	rate_ratio(bigint,double precision,bigint,double precision,double precision)
	reliability(double precision,boolean,integer)
	probability_active(bigint,double precision,double precision,demand_model)
	probability_active(timeline,demand_model,timestamp with time zone)
	repeat_callers(bigint,timestamp with time zone,criterion[])
	repeat_callers(text,timestamp with time zone,criterion[])
	repeat_callers(bigint,timestamp with time zone,text)
	repeat_callers(text,timestamp with time zone,text)
	local_instants(text,text,text)
	local_instants(text,text[],text)
	peak(timeline,text)
	peak_window(timeline,text)
	read_date(text,text)
	read_date(text,text[])
	read_local_time(text,text,text)
	read_local_time(text,text[],text)
	rolling_count(timestamp with time zone,text)
	rolling_counts(timeline,text)
	rolling_width(text)
	risk_score(double precision[],double precision[])
	rolling_count(timestamp with time zone,interval)
	rolling_counts(timeline,interval)
	sound_key(text)
	sparkline(timeline,integer,timestamp with time zone,timestamp with time zone)
	threshold_grid(timeline,interval[],integer,integer,timestamp with time zone,timestamp with time zone)
	timeline(timestamp with time zone[])
	timeline_agg(timestamp with time zone)
	timeline_cmp(timeline,timeline)
	timeline_concat(timeline,timeline)
	timeline_eq(timeline,timeline)
	timeline_ge(timeline,timeline)
	timeline_gt(timeline,timeline)
	timeline_hash(timeline)
	timeline_hash_extended(timeline,bigint)
	timeline_le(timeline,timeline)
	timeline_lt(timeline,timeline)
	timeline_ne(timeline,timeline)
	timestamptz_array(timeline)
	top_callers(bigint,timestamp with time zone,integer)
	top_callers(text,timestamp with time zone,integer)
	suppress_table(integer[],integer[],bigint[],integer,bigint[])
	top_share(double precision,boolean,bigint)
	total_risk_score(double precision[],double precision[])
$$);

INSERT INTO wanted_routine SELECT 'admin analyst bi handler identity loader operator', pg_temp.lines($$
	library_version()
$$);

-- What of it the views for dashboards call: rights on functions are those of who asks.
INSERT INTO wanted_routine SELECT 'admin analyst bi identity loader', pg_temp.lines($$
	contact_times(timeline)
	first_at(timeline)
	rollup(timeline)
	slice(timeline,timestamp with time zone,timestamp with time zone)
	threshold(criterion)
$$);
INSERT INTO wanted_routine VALUES
	('admin analyst bi bi_named identity loader', 'num_contacts(timeline)'),
	('admin analyst bi identity loader', 'num_contacts(timeline,timestamp with time zone,timestamp with time zone)');

-- Local days, as dashboards have them.
INSERT INTO wanted_routine SELECT 'analyst bi', pg_temp.lines($$
	date_key(date)
	local_date(timestamp with time zone,text)
$$);
INSERT INTO wanted_routine VALUES ('analyst bi identity', 'first_counted()');
INSERT INTO wanted_routine SELECT 'analyst bi', pg_temp.lines($$
	answer_seconds(timestamp with time zone,timestamp with time zone)
	is_abandoned(boolean,boolean,boolean)
$$);

-- What is in force, as views have it.
INSERT INTO wanted_routine SELECT 'admin analyst bi', pg_temp.lines($$
	is_current_flag(timestamp with time zone,timestamp with time zone,timestamp with time zone,interval)
	is_in_force(timestamp with time zone,timestamp with time zone,timestamp with time zone)
$$);

-- Local periods, which rules of kind top use.
INSERT INTO wanted_routine SELECT 'admin analyst', pg_temp.lines($$
	period_end(timestamp with time zone,text,text)
	period_start(timestamp with time zone,text,text)
$$);

-- What administrators set.
INSERT INTO wanted_routine SELECT 'admin', pg_temp.lines($$
	adopt_linkage_model(integer)
	adopt_linkage_model(text)
	adopt_risk_factors(text)
	adopt_risk_model(integer)
	adopt_rules(text,timestamp with time zone)
	valid_bands(integer[])
	forget_caller_key(integer)
	name_identity_details(jsonb)
	publish_months(date[],boolean,interval)
	repair_capture()
	set_risk_factor(text,numeric,boolean,text,risk_axis,text,text[],double precision,interval,double precision,boolean,text,text)
	set_up_bi_login(name,name)
	setup(text,text,text)
	valid_tiers(double precision[],numeric[],integer[])
$$);

-- What analysts, handlers and those who decide on links ask.
INSERT INTO wanted_routine VALUES
	('analyst', 'back_test(criterion[],timestamp with time zone,timestamp with time zone,contact_channel[])'),
	('analyst', 'back_test_grid(integer,integer,interval[],timestamp with time zone,timestamp with time zone,criterion[],contact_channel[])'),
	('analyst', 'caller_effect(bigint[],timestamp with time zone,interval,interval)'),
	('analyst', 'escalations_at(timestamp with time zone,interval)'),
	('analyst', 'evaluate_risk(timestamp with time zone)'),
	('analyst', 'back_test(text,timestamp with time zone,timestamp with time zone,contact_channel[])'),
	('analyst', 'back_test_grid(integer,integer,interval[],timestamp with time zone,timestamp with time zone,text,contact_channel[])'),
	('loader', 'load_contacts(text,regclass,jsonb,text,text,text,bigint)'),
	('loader', 'load_contact_batch(text,text,jsonb[],bigint[])'),
	('loader', 'contact_columns(regclass,jsonb)'),
	('loader', 'check_mapping(regclass,jsonb)'),
	('loader', 'loadable_columns()'),
	('loader', 'load_statements(regclass,jsonb,bigint)'),
	('loader', 'read_contact_value(text,text)'),
	('loader', 'set_aside(text,bigint,text,jsonb,bigint,boolean)'),
	('loader', 'force_zone()'),
	('admin loader', 'alias_key(text)'),
	('admin loader', 'channel_of(text)'),
	('operator', 'refuse_transaction_block(text)'),
	('analyst', 'explain_flag(bigint)'),
	('analyst identity', 'explain_risk(bigint)'),
	('analyst identity', 'caller_profile(bigint)'),
	('admin analyst identity loader operator', 'contact_problems()'),
	('admin analyst identity loader operator', 'first_plausible()'),
	('analyst', 'force_wide_change(timestamp with time zone,timestamp with time zone,timestamp with time zone,interval)'),
	('analyst', 'managed_effect(bigint[],timestamp with time zone,interval,interval)'),
	('analyst', 'managed_hours_saved(bigint[],timestamp with time zone,interval,interval)'),
	('analyst', 'shifts_at(timestamp with time zone,interval,interval,integer)'),
	('admin analyst identity operator', 'current_risk_model()'),
	('admin operator', 'fit_risk(timestamp with time zone)'),
	('analyst', 'workable_threshold(integer,timestamp with time zone,timestamp with time zone,interval[],contact_channel[])'),
	('identity', 'caller_as_of(text,timestamp with time zone)'),
	('identity', 'compare_personas(integer,uuid,uuid)'),
	('identity', 'confirm_link(text,text,text,link_method)'),
	('identity', 'decide_link(boolean,text,text,text,link_method)'),
	('identity', 'end_marker(bigint,text)'),
	('identity', 'explain_identity(text,text)'),
	('handler identity', 'identify(text,text,text,date,text,text,text,text,text,jsonb,double precision)'),
	('identity', 'current_linkage_model()'),
	('identity', 'mark_caller(bigint,text,text,marker_basis,timestamp with time zone,timestamp with time zone)'),
	('identity', 'linked_pairs(integer)'),
	('identity', 'reject_link(text,text,text,link_method)'),
	('identity', 'revoke_decision(integer,text)'),
	('identity', 'usable_date(date)'),
	('analyst handler identity', 'lookup(text)'),
	('analyst handler identity', 'lookup(numeric)'),
	('admin operator', 'train_linkage(bigint)'),
	('admin analyst bi identity', 'current_caller(bigint)'),
	('admin identity operator', 'harvest_referrals()'),
	('admin identity', 'open_review_batch()'),
	('identity', 'persona_label(uuid)'),
	('handler identity', 'refer(text,text,text,text,text,referral_identified_by,bigint,bigint,text,text,date,text,text,text,text,jsonb)'),
	('admin identity', 'referral_settings()'),
	('admin identity', 'review_referral(bigint,referral_review_status,text,bigint,bigint)'),
	('identity', 'without_link(uuid,uuid)'),
	('admin analyst operator', 'health()'),
	('admin analyst operator', 'health_given(jsonb)'),
	('admin analyst operator', 'job_state()'),
	('admin analyst operator', 'jobs()');

-- A generated column of contact calls it, and persona_key() of the toolkit, as who writes the row.
INSERT INTO wanted_routine VALUES ('loader', 'presented_number(text,cli_status)');
-- So does a trigger before it.
INSERT INTO wanted_routine VALUES ('loader', 'pick_identity_details(jsonb)');

-- What operators run.
INSERT INTO wanted_routine SELECT 'operator', pg_temp.lines($$
	check_sample(double precision)
	has_pg_cron()
	housekeeping()
	job_health()
	queue_all()
	rebuild(integer)
	refresh(integer)
	refresh_begin(integer)
	refresh_end(bigint)
	refresh_step(bigint,integer)
	schedule(text)
	schedule_statements(text,name,name)
	unschedule()
	verify(double precision)
$$);

-- Nobody's: triggers, stages of refresh, and what only the server calls.
INSERT INTO wanted_routine SELECT '', pg_temp.lines($$
	apply_linkage(integer,uuid[],bigint)
	former_callers(uuid,text[])
	match_clusters_to_callers(integer,uuid[])
	queue_periods_of(uuid[])
	record_merges(merge_event[],link[],decided_persona[])
	write_callers(integer,uuid[],bigint)
	write_large_blocks(block_large[])
	write_shared_numbers(shared_number[],boolean)
	assess_callers(bigint[],bigint)
	flags_of_callers(bigint[],bigint)
	flags_of_period(integer,timestamp with time zone,bigint)
	write_flags(flag_wanted[],bigint)
	refuse_without_setup()
	assess_period(integer,timestamp with time zone,bigint)
	check_widths(interval[])
	contacts_text(numeric)
	local_text(timestamp with time zone)
	profile_contacts(bigint)
	profile_flags(bigint)
	profile_identity(bigint)
	profile_last_contacts(bigint)
	profile_links(bigint,boolean)
	profile_referrals(bigint,boolean)
	profile_risk(bigint)
	strength_of(double precision)
	current_callers(bigint[])
	repeat_callers_written_transfn(internal,bigint,timestamp with time zone,text)
	repeat_callers_text_written_transfn(internal,text,timestamp with time zone,text)
	rule_filled()
	before_after_combinefn(internal,internal)
	before_after_deserialfn(bytea,internal)
	before_after_finalfn(internal)
	before_after_serialfn(internal)
	before_after_transfn(internal,bigint,bigint,boolean)
	caller_clusters_text_transfn(internal,text,text,double precision)
	caller_clusters_transfn(internal,bigint,bigint,double precision)
	caller_episodes(bigint[])
	caller_district(bigint,timestamp with time zone)
	caller_timelines(contact_channel[])
	callers_combinefn(internal,internal)
	callers_deserialfn(bytea,internal)
	callers_serialfn(internal)
	callers_of_period(integer,timestamp with time zone)
	check_effect(bigint[],timestamp with time zone,interval,interval)
	cluster_personas(integer,uuid[])
	concentration_combinefn(internal,internal)
	concentration_deserialfn(bytea,internal)
	concentration_finalfn(internal)
	concentration_is_due()
	concentration_serialfn(internal)
	concentration_transfn(internal,bigint)
	connected_components_text_transfn(internal,text,text)
	connected_components_transfn(internal,bigint,bigint)
	capture_triggers()
	contact_applied()
	contact_changed()
	contact_condition(text,text[])
	age_condition(interval,timestamp with time zone)
	harm_expression(risk_factor,timestamp with time zone)
	nature_expression(risk_factor,timestamp with time zone)
	contact_facts(integer,timestamp with time zone,bigint[])
	contact_facts_query(integer,timestamp with time zone,boolean)
	contact_identity_details()
	contacts_around(timestamp with time zone,interval,interval)
	copy_risk_model(integer,text,text)
	core_of_caller(bigint)
	count_shared_numbers(integer,text[])
	counted_contacts(timestamp with time zone,timestamp with time zone)
	expected_counts(timestamp with time zone,timestamp with time zone)
	current_criteria(timestamp with time zone)
	criterion_in(cstring)
	criterion_out(criterion)
	criterion_send(criterion)
	criterion_recv(internal)
	decayed_count_combinefn(internal,internal)
	decayed_count_deserialfn(bytea,internal)
	decayed_count_finalfn(internal)
	decayed_count_serialfn(internal)
	decayed_count_transfn(internal,timestamp with time zone,interval,timestamp with time zone)
	decisions_about(uuid[])
	demand_model_combinefn(internal,internal)
	demand_model_deserialfn(bytea,internal)
	demand_model_finalfn(internal)
	demand_model_serialfn(internal)
	demand_model_summary_transfn(internal,bigint,double precision,double precision)
	demand_model_transfn(internal,timeline,timestamp with time zone,interval)
	demand_places(integer)
	demand_weights(integer)
	doubt_shared_numbers(text[])
	escalation_prior_combinefn(internal,internal)
	escalation_prior_deserialfn(bytea,internal)
	escalation_prior_finalfn(internal)
	escalation_prior_serialfn(internal)
	escalation_prior_transfn(internal,timeline,timestamp with time zone)
	escalation_prior_transfn(internal,timeline,timestamp with time zone,interval)
	compute_callers(bigint,text,bigint[])
	expand_everything()
	expand_fillers(text[])
	expand_numbers(text[])
	expand_rules(integer[])
	stage_callers(bigint,integer)
	stage_concentration(bigint,integer)
	stage_day(bigint,integer)
	stage_expand(bigint,integer)
	stage_learning(bigint,integer)
	stage_period(bigint,integer)
	stage_scores(bigint,integer)
	sum_up_late_day(bigint)
	queue_each_risk()
	waits_for_many(text[])
	fill_calendar(date,date)
	fit_is_due()
	flag_currency_changed()
	forget_personas(uuid[])
	harvest_ripe_referrals()
	why_parted(bigint,bigint)
	gamma_prior_combinefn(internal,internal)
	gamma_prior_deserialfn(bytea,internal)
	gamma_prior_finalfn(internal)
	gamma_prior_serialfn(internal)
	gamma_prior_transfn(internal,bigint,double precision)
	harm_factors(integer)
	harm_weight_changed()
	filler_applied()
	filler_changed()
	filler_entry(text,text)
	current_fillers()
	link_what_waits(bigint,integer,bigint[])
	sum_up_what_changed(bigint,integer,bigint[])
	require_read_committed()
	try_stage(bigint,text,boolean)
	change_personas(persona[])
	await_contacts(uuid[])
	queue_periods(persona_timeline[],persona_timeline[])
	has_value(text,text,text,date,text,text,text,text,text,jsonb,jsonb,text[])
	identity_detail_kinds()
	usable_number(text)
	without_fillers(text,text,text,date,text,text,text,text,text,jsonb,jsonb,text[],text[])
	identify_personas(integer,text,text,text,date,text,text,text,text,text,jsonb)
	identities_wait()
	library_build()
	script_build()
	is_sampled(text,double precision)
	is_impersonal(number_sharing)
	is_shared_number(text)
	next_contact(timestamp with time zone,timestamp with time zone,timestamp with time zone)
	periods_of(integer)
	queue_what_is_due()
	refresh_roster(bigint[])
	refresh_all_rosters()
	assign_pseudonyms(bigint[])
	known_number_applied()
	known_number_changed()
	learn_fillers()
	learn_fillers_if_due()
	suspected_fillers()
	learn_linkage(jsonb,bigint)
	learn_risk(timestamp with time zone,interval,integer[])
	link_batch(integer,bigint,uuid)
	take_personas_to_link(integer,uuid)
	with_their_components(integer,uuid[])
	link_some(bigint,integer)
	link_all_personas(bigint)
	link_referral(bigint)
	check_review(referral,referral_review_status,text,bigint)
	confirm_referral(referral,bigint,text)
	first_referral(referral)
	identify_by_number(referral,contact,bigint)
	identify_referral(referral,contact,bigint)
	likely_without_number(contact)
	number_link_state(text,bigint,boolean)
	referral_anchor(referral,bigint)
	referral_candidates(text,contact,bigint)
	referred_caller(bigint)
	referred_contact(bigint)
	reviewed_duplicate_of(referral,referral_review_status,bigint)
	linkage_model_changed()
	list_changed()
	local_weeks(timestamp with time zone,timestamp with time zone)
	logistic_finalfn(internal)
	logistic_transfn(internal,boolean,double precision[],double precision)
	marker_facts(integer,timestamp with time zone,bigint[])
	markers_of(bigint[],timestamp with time zone)
	markers_at(timestamp with time zone)
	match_weights_combinefn(internal,internal)
	match_weights_deserialfn(bytea,internal)
	match_weights_finalfn(internal)
	match_weights_serialfn(internal)
	match_weights_transfn(internal,integer[],bigint)
	measure_concentration()
	met_rules(timestamp with time zone,timestamp with time zone,timestamp with time zone)
	more_personas_wait(bigint)
	node_pairs_combinefn(internal,internal)
	node_pairs_deserialfn(bytea,internal)
	node_pairs_finalfn(internal)
	node_pairs_serialfn(internal)
	node_pairs_text_finalfn(internal)
	outcomes_combinefn(internal,internal)
	outcomes_deserialfn(bytea,internal)
	outcomes_serialfn(internal)
	own_handling(double precision,bigint,double precision)
	persona_blocks(integer,uuid[])
	policy_changed()
	policy_checked()
	policy_kept()
	marker_kind_tells()
	prediction_quality_finalfn(internal)
	prediction_quality_transfn(internal,double precision,boolean)
	quarter_hour(timestamp with time zone)
	queue_callers(bigint[])
	queue_days()
	queue_risks()
	queue_risks(bigint[])
	reached_personas(integer,uuid[])
	recount_personas(integer,uuid)
	refresh_work(bigint,integer)
	reliability_finalfn(internal)
	reliability_transfn(internal,double precision,boolean,integer)
	repeat_callers_finalfn(internal)
	repeat_callers_text_finalfn(internal)
	repeat_callers_text_transfn(internal,text,timestamp with time zone,criterion[])
	repeat_callers_transfn(internal,bigint,timestamp with time zone,criterion[])
	resolve_identifier(text)
	valid_risk_matches(text,risk_axis,text[])
	risk_model_changed()
	risk_of(integer,timestamp with time zone,bigint[])
	contact_scores(integer,timestamp with time zone,bigint[])
	demand_scores(integer,timestamp with time zone,bigint[])
	marker_points(integer,timestamp with time zone,bigint[])
	rolling_criterion(integer,interval)
	rollup_transfn(internal,timeline)
	known_number_written()
	number_callers(text)
	number_contacts(text,text,timestamp with time zone)
	number_contacts_by_query(text,text,timestamp with time zone)
	publish_contacts(date,integer)
	publish_repeat_callers(date,integer,integer)
	repeat_contacts_to_publish(date,integer,integer)
	expected_roster(bigint[])
	store_published(date,text,text[],text[],bigint[],integer,bigint[])
	expected_roster_months(bigint[])
	rule_changed()
	score_callers(integer,bigint[])
	score_all_callers(bigint)
	scores_are_due()
	series_combinefn(internal,internal)
	series_deserialfn(bytea,internal)
	series_finalfn(internal)
	series_serialfn(internal)
	series_transfn(internal,bigint,integer,integer)
	settle_blocks(bigint[],integer[])
	sum_up_all_callers()
	sum_up_callers(bigint[])
	sum_up_day(date)
	take_callers(integer)
	take_day(timestamp with time zone)
	take_period()
	take_risks(bigint,integer,bigint)
	count_some(bigint,integer)
	find_unreadable_personas(bigint)
	find_unreadable_personas(bigint,uuid[])
	is_fault_of_a_row(text)
	row_health()
	column_problems()
	reference_problems()
	likely_duplicates()
	job_problems(jsonb)
	health_of_runs(jsonb)
	health_of_jobs(jsonb)
	health_of_installation()
	put_aside(bigint,text,text,text,uuid,bigint,integer,timestamp with time zone)
	queue_what_was_put_aside()
	sum_up_everybody(bigint)
	sum_up_next_day(bigint,timestamp with time zone)
	take_back(text,uuid[],bigint[])
	trim_calendar()
	threshold_weeks(integer,integer,interval[],timestamp with time zone,timestamp with time zone,contact_channel[],timestamp with time zone[],bigint[],timestamp with time zone[])
	timeline_agg_combinefn(internal,internal)
	timeline_agg_deserialfn(bytea,internal)
	timeline_agg_finalfn(internal)
	timeline_agg_serialfn(internal)
	timeline_agg_transfn(internal,timestamp with time zone)
	timeline_in(cstring)
	timeline_out(timeline)
	timeline_send(timeline)
	timeline_recv(internal)
	top_callers_finalfn(internal)
	top_callers_text_finalfn(internal)
	top_callers_text_transfn(internal,text,timestamp with time zone,integer)
	top_callers_transfn(internal,bigint,timestamp with time zone,integer)
	top_of_period(integer,timestamp with time zone)
	top_share_finalfn(internal)
	top_share_transfn(internal,double precision,boolean,bigint)
	training_cutoffs(timestamp with time zone,interval)
	wants_linking_of_everything()
	with_identity_details(jsonb)
	with_q_values(double precision[])
	verify_callers(double precision)
	verify_days(double precision)
	verify_flags(double precision)
	verify_identities(double precision)
	verify_later(double precision,boolean)
	verify_personas(double precision,boolean)
	verify_roster(double precision)
	verify_scores(double precision)
	verify_top_flags()
	verify_unscored(double precision)
	waiting_callers()
	waiting_days()
	waiting_personas()
	waiting_scores()
$$);

CREATE TEMP VIEW extension_object AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'engage';

CREATE TEMP VIEW routine AS
SELECT p.*, regexp_replace(p.oid::regprocedure::text, '\mengage(_internal)?\.', '', 'g') AS routine
FROM pg_proc p JOIN extension_object o ON o.classid = 'pg_proc'::regclass AND o.objid = p.oid;

SELECT set_eq('SELECT routine FROM routine', 'SELECT routine FROM wanted_routine', 'every routine is on a list');
SELECT set_eq(
	$$SELECT r.routine, replace(a.grantee::regrole::text, 'engage_', '') AS grantee, a.privilege_type, a.is_grantable
		FROM routine r, aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) a WHERE a.grantee <> r.proowner$$,
	$$SELECT w.routine, grantee, 'EXECUTE' AS verb, false AS grantable FROM wanted_routine w, unnest(string_to_array(w.who, ' ')) grantee$$,
	'who may execute which routine; - stands for PUBLIC');
SELECT is_empty($$SELECT routine FROM routine WHERE proowner <> 'engage_owner'::regrole$$, 'engage_owner owns every routine');
SELECT is_empty('SELECT routine FROM routine WHERE proleakproof', 'no routine is LEAKPROOF');
SELECT is_empty($$SELECT routine FROM routine WHERE provolatile = 'v' AND proparallel <> 'u'$$,
	'no VOLATILE routine claims to be safe in parallel');
SELECT is_empty($$SELECT routine FROM routine WHERE pronamespace <> ALL ('{engage,engage_internal}'::regnamespace[])$$,
	'every routine is in one of two schemas');
SELECT is_empty($$SELECT r.routine FROM routine r JOIN wanted_routine w USING (routine) WHERE r.pronamespace = 'engage'::regnamespace AND w.who = ''$$,
	'what nobody may call is in engage_internal');
SELECT is_empty($$SELECT r.routine FROM routine r WHERE obj_description(r.oid, 'pg_proc') IS NULL$$, 'every routine has a comment');

-- Those that run with the rights of engage_owner, and why they must.
CREATE TEMP TABLE definer (routine text PRIMARY KEY, why text NOT NULL);
INSERT INTO definer VALUES
	('adopt_linkage_model(integer)', 'administrators do not write versions of the model'),
	('adopt_linkage_model(text)', 'administrators do not write versions of the model'),
	('caller_as_of(text,timestamp with time zone)', 'who decides asks by an identifier, whose contacts are not theirs to read'),
	('contact_applied()', 'the login of a subscription may have no rights on the queue'),
	('contact_changed()', 'writers of contacts have no rights on the queue'),
	('decide_link(boolean,text,text,text,link_method)', 'who decides has no rights on the queue, and writes no decision otherwise'),
	('explain_identity(text,text)', 'who decides has no rights on what the chain is computed from'),
	('identify(text,text,text,date,text,text,text,text,text,jsonb,double precision)', 'handlers identify callers and have no rights on any table'),
	('linkage_model_changed()', 'administrators have no rights on the queue'),
	('name_identity_details(jsonb)', 'administrators have no rights on contacts'),
	('pick_identity_details(jsonb)', 'writers of contacts have no rights on identity_detail'),
	('revoke_decision(integer,text)', 'who decides has no rights on the queue, and changes no decision otherwise'),
	('train_linkage(bigint)', 'administrators and operators train without rights on personas'),
	('contact_problems()', 'whoever looks after a source sees which of its rows are wrong, not what they say'),
	('caller_profile(bigint)', 'one page of what analysts and identity units may see one by one'),
	('channel_of(text)', 'loaders read no configuration'),
	('force_zone()', 'loaders read no configuration'),
	('current_caller(bigint)', 'who sees figures of callers has no rights on personas and merges'),
	('harvest_referrals()', 'who has decisions made has no rights on personas'),
	('open_review_batch()', 'reviewers do not write referrals otherwise'),
	('refer(text,text,text,text,text,referral_identified_by,bigint,bigint,text,text,date,text,text,text,text,jsonb)',
		'handlers refer without rights on referrals, personas and decisions'),
	('review_referral(bigint,referral_review_status,text,bigint,bigint)', 'reviewers do not write referrals otherwise'),
	('without_link(uuid,uuid)', 'who decides on links has no rights on what the sides are computed from'),
	('filler_applied()', 'the login of a subscription may have no rights on the queue'),
	('known_number_applied()', 'the login of a subscription may have no rights on the queue'),
	('known_number_changed()', 'administrators have no rights on the queue'),
	('filler_changed()', 'administrators have no rights on the queue'),
	('flag_currency_changed()', 'administrators have no rights on the queue'),
	('forget_caller_key(integer)', 'administrators erase keys without rights on callers'),
	('list_changed()', 'administrators have no rights on the queue'),
	('publish_months(date[],boolean,interval)', 'administrators publish counts of what they may not read'),
	('policy_changed()', 'administrators have no rights on the queue'),
	('rule_changed()', 'administrators have no rights on the queue'),
	('refresh_begin(integer)', 'operators have no rights on runs and their lock'),
	('refresh_step(bigint,integer)', 'operators have no rights on contacts, callers and flags'),
	('refresh_end(bigint)', 'reads the run that the other two wrote'),
	('queue_all()', 'operators have no rights on the queue'),
	('verify(double precision)', 'operators have no rights on contacts, callers and flags'),
	('check_sample(double precision)', 'operators do not write verifications'),
	('repair_capture()', 'administrators own no tables, and have no rights on contacts and the queue'),
	('housekeeping()', 'operators do not delete runs'),
	('health_given(jsonb)', 'shows counts and states of tables that its readers have no rights on'),
	('lookup(text)', 'handlers ask for one number and have no rights on any table'),
	('explain_flag(bigint)', 'analysts see the contacts of a flag, not their identifying details'),
	('back_test(criterion[],timestamp with time zone,timestamp with time zone,contact_channel[])',
		'analysts read timelines of personas, not the personas'),
	('back_test_grid(integer,integer,interval[],timestamp with time zone,timestamp with time zone,criterion[],contact_channel[])',
		'analysts read timelines of personas, not the personas'),
	('workable_threshold(integer,timestamp with time zone,timestamp with time zone,interval[],contact_channel[])',
		'analysts read timelines of personas, not the personas'),
	('mark_caller(bigint,text,text,marker_basis,timestamp with time zone,timestamp with time zone)',
		'who sets markers writes none otherwise, and has no rights on the queue'),
	('end_marker(bigint,text)', 'who ends markers changes none otherwise, and has no rights on the queue'),
	('risk_model_changed()', 'who makes versions has no rights on the queue'),
	('row_health()', 'those who watch see states, counts and contact_ids, not the tables behind them'),
	('harm_weight_changed()', 'who sets weights and kinds of marker has no rights on the queue'),
	('adopt_risk_factors(text)', 'administrators do not write versions otherwise'),
	('adopt_risk_model(integer)', 'administrators do not write versions otherwise'),
	('set_risk_factor(text,numeric,boolean,text,risk_axis,text,text[],double precision,interval,double precision,boolean,text,text)',
		'administrators do not write versions otherwise'),
	('fit_risk(timestamp with time zone)', 'administrators and operators fit without rights on callers, and do not write versions otherwise'),
	('evaluate_risk(timestamp with time zone)', 'analysts read no contacts'' districts by caller, and write no evaluation otherwise'),
	('explain_risk(bigint)', 'analysts see what a score is made of, not the contacts behind it'),
	('shifts_at(timestamp with time zone,interval,interval,integer)', 'analysts see shares of a caller''s contacts, not who called'),
	('escalations_at(timestamp with time zone,interval)', 'analysts see how often callers call, which they may, by a sweep over all of them'),
	('managed_effect(bigint[],timestamp with time zone,interval,interval)', 'who measures effects needs no rights on callers'),
	('caller_effect(bigint[],timestamp with time zone,interval,interval)', 'who measures effects needs no rights on callers'),
	('managed_hours_saved(bigint[],timestamp with time zone,interval,interval)', 'who measures effects needs no rights on callers'),
	('force_wide_change(timestamp with time zone,timestamp with time zone,timestamp with time zone,interval)',
		'who measures effects needs no rights on callers');
SELECT set_eq('SELECT routine FROM routine WHERE prosecdef', 'SELECT routine FROM definer',
	'the SECURITY DEFINER routines are those for which there is a reason');
SELECT is_empty($$SELECT routine FROM routine WHERE prosecdef
		AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false)$$,
	'every SECURITY DEFINER routine has a fixed search_path');
SELECT set_eq($$SELECT r.routine FROM routine r JOIN pg_language l ON l.oid = r.prolang AND l.lanname = 'plpgsql'
		WHERE NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (r.proconfig), false)$$,
	$$VALUES ('refresh(integer)'), ('rebuild(integer)')$$,
	'so has all of plpgsql but the procedures, which could not COMMIT with one');
SELECT set_eq($$SELECT r.routine FROM routine r JOIN pg_language l ON l.oid = r.prolang AND l.lanname = 'c'
		WHERE NOT r.proisstrict AND r.proargtypes[0] <> 'internal'::regtype$$,
	$$VALUES ('persona_key(text,text,text,date,text,text,text,text,text,jsonb)'), ('rolling_count(timestamp with time zone,interval)'), ('rolling_count(timestamp with time zone,text)'),
		('valid_contact(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,date,integer,double precision,double precision,double precision,text,text,text,text,text,text,text,text,text,text)'),
		('contact_fault(timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone,date,integer,double precision,double precision,double precision,text,text,text,text,text,text,text,text,text,text)'),
		('persona_blocks(integer,uuid[])'), ('cluster_personas(integer,uuid[])'),
		('identify_personas(integer,text,text,text,date,text,text,text,text,text,jsonb)'),
		('has_value(text,text,text,date,text,text,text,text,text,jsonb,jsonb,text[])'),
		('without_fillers(text,text,text,date,text,text,text,text,text,jsonb,jsonb,text[],text[])'),
		('demand_measures(timeline,timestamp with time zone,criterion[],demand_model,interval)'),
		('suppress_table(integer[],integer[],bigint[],integer,bigint[])'),
		('escalation(timeline,timestamp with time zone,escalation_prior,double precision,interval,double precision)')$$,
	'C functions are STRICT, but for states of aggregates and thirteen that handle NULLs');

-- --------------------------------------------------------------- relations

CREATE TEMP TABLE wanted_relation (kind text NOT NULL, relation text PRIMARY KEY);
INSERT INTO wanted_relation
SELECT 'table', pg_temp.lines($$
	bank_holiday
	block_large
	calendar
	caller
	caller_pseudonym
	caller_risk
	channel
	contact
	daily_count
	dirty
	district
	feed
	feed_count
	flag
	flag_event
	harm_weight
	hourly_count
	identity_detail
	incident_code
	filler
	known_number
	learnt_filler
	later
	link
	link_decision
	linkage_model
	linkage_state
	linkage_term
	marker
	marker_kind
	merge_event
	persona_gone
	monthly_concentration
	persona
	persona_block
	persona_timeline
	policy
	preset_bank_holiday
	preset_channel
	preset_contact_problem
	preset_hour
	preset_linkage_model
	preset_marker_kind
	preset_risk_factor
	preset_rule
	publication
	published_count
	channel_alias
	preset_channel_alias
	record_reject
	referral
	referral_policy
	refresh_lock
	refresh_run
	review_batch
	risk_evaluation
	risk_factor
	risk_measure
	risk_model
	risk_prediction
	risk_state
	roster
	roster_month
	set_aside
	rule
	shared_number
	verification
$$)
UNION ALL SELECT 'view', pg_temp.lines($$
	caller_contradiction
	caller_marker
	caller_nature
	caller_number
	caller_shift
	contact_as_fact
	contact_caller
	contact_problem
	countable_contact
	current_channel
	counted_contact
	data_quality
	label_problem
	decided_persona
	demand_fit
	enum_value
	escalating_caller
	flag_by_joining
	handset_number
	judged_prediction
	link_review
	marker_now
	nuisance_candidate
	referral_overlap
	referral_review
	referral_route
	repeat_caller
	risk
	risk_accuracy
	current_risk_factor
	risk_reliability
	filler_suspect
	set_aside_contact
	shared_number_suspect
	today
	unlisted_value
$$)
UNION ALL SELECT 'view', 'engage_bi.' || pg_temp.lines($$
	dim_band
	dim_caller
	dim_channel
	dim_contact_type
	dim_date
	dim_district
	dim_feed
	dim_rule
	dim_time
	fact_caller_contact
	fact_caller_snapshot
	fact_concentration_monthly
	fact_contact
	fact_contact_daily
	fact_contact_hourly
	fact_feed_daily
	fact_flag
	fact_one_contact_away
	fact_repeat_caller_monthly
	fact_risk
	fact_roster_daily
	meta_data_quality
	meta_refresh
$$)
UNION ALL SELECT 'view', 'engage_bi_named.dim_caller_named'
UNION ALL SELECT 'view', 'engage_bi_public.' || unnest('{contact_monthly,repeat_caller_monthly,published_month}'::text[])
UNION ALL SELECT 'sequence', pg_temp.lines($$
	caller_caller_id_seq
	contact_contact_id_seq
	district_district_key_seq
	feed_feed_key_seq
	flag_flag_id_seq
	incident_code_contact_type_key_seq
	link_decision_decision_id_seq
	linkage_model_model_id_seq
	marker_marker_id_seq
	merge_event_event_id_seq
	referral_referral_id_seq
	record_reject_reject_id_seq
	refresh_run_run_id_seq
	review_batch_batch_id_seq
	risk_evaluation_evaluation_id_seq
	risk_model_model_id_seq
	rule_rule_id_seq
$$)
UNION ALL SELECT 'type', pg_temp.lines($$
	aml_location
	before_after_result
	caller_cluster
	caller_cluster_text
	caller_rank
	caller_rank_text
	concentration
	criterion_met
	criterion_met_text
	interrupted_time_series
	logistic_model
	escalation_prior
	demand_model
	flag_wanted
	gamma_prior
	match_weights
	prediction_quality
	reliability_bin
	stage_result
$$);

-- Rights on whole relations.  What is not here is nobody's.
CREATE TEMP TABLE wanted_grant (relation text, verbs text, who text, PRIMARY KEY (relation, verbs));
INSERT INTO wanted_grant VALUES
	('contact', 'SELECT INSERT UPDATE DELETE', 'loader'),
	('repeat_caller', 'SELECT', 'admin analyst'),
	('contact_caller', 'SELECT', 'analyst'),
	('flag', 'SELECT', 'analyst'),
	('flag_event', 'SELECT', 'analyst'),
	('rule', 'SELECT', 'admin analyst operator'),
	('rule', 'INSERT UPDATE', 'admin'),
	('policy', 'SELECT', 'admin analyst operator'),
	('policy', 'INSERT UPDATE', 'admin'),
	('channel', 'SELECT', 'admin analyst operator'),
	('channel', 'INSERT UPDATE DELETE', 'admin'),
	('known_number', 'SELECT', 'admin analyst identity'),
	('known_number', 'INSERT UPDATE DELETE', 'admin'),
	('filler', 'SELECT', 'admin identity'),
	('filler', 'INSERT UPDATE DELETE', 'admin'),
	('learnt_filler', 'SELECT', 'admin identity'),
	('filler_suspect', 'SELECT', 'admin identity'),
	('preset_rule', 'SELECT', 'admin analyst operator'),
	('preset_channel', 'SELECT', 'admin'),
	('channel_alias', 'SELECT', 'admin loader'),
	('channel_alias', 'INSERT UPDATE DELETE', 'admin'),
	('preset_channel_alias', 'SELECT', 'admin loader'),
	('enum_value', 'SELECT', 'admin analyst handler identity loader operator'),
	('record_reject', 'SELECT', 'admin loader'),
	('record_reject', 'INSERT DELETE', 'loader'),
	('refresh_run', 'SELECT', 'admin operator'),
	('verification', 'SELECT', 'admin operator'),
	('persona', 'SELECT', 'identity'),
	('persona_timeline', 'SELECT', 'identity'),
	('caller', 'SELECT', 'analyst identity'),
	('link', 'SELECT', 'identity'),
	('link_decision', 'SELECT', 'identity'),
	('merge_event', 'SELECT', 'identity'),
	('set_aside', 'SELECT', 'identity'),
	('set_aside_contact', 'SELECT', 'identity loader'),
	('shared_number', 'SELECT', 'identity'),
	('linkage_model', 'SELECT', 'admin identity operator'),
	('linkage_term', 'SELECT', 'identity'),
	('linkage_state', 'SELECT', 'identity operator'),
	('preset_linkage_model', 'SELECT', 'admin'),
	('identity_detail', 'SELECT', 'admin'),
	('caller_contradiction', 'SELECT', 'identity'),
	('caller_number', 'SELECT', 'identity'),
	('flag_by_joining', 'SELECT', 'identity'),
	('handset_number', 'SELECT', 'identity'),
	('link_review', 'SELECT', 'identity'),
	('shared_number_suspect', 'SELECT', 'identity'),
	('referral', 'SELECT', 'admin identity'),
	('referral_overlap', 'SELECT', 'admin analyst identity'),
	('referral_policy', 'SELECT', 'admin identity'),
	('referral_policy', 'INSERT UPDATE', 'admin'),
	('referral_review', 'SELECT', 'admin identity'),
	('referral_route', 'SELECT', 'admin analyst identity'),
	('review_batch', 'SELECT', 'admin identity'),
	('caller_marker', 'SELECT', 'analyst identity'),
	('caller_nature', 'SELECT', 'analyst'),
	('caller_risk', 'SELECT', 'analyst'),
	('caller_shift', 'SELECT', 'analyst'),
	('demand_fit', 'SELECT', 'admin analyst operator'),
	('escalating_caller', 'SELECT', 'analyst'),
	('harm_weight', 'SELECT', 'admin analyst'),
	('harm_weight', 'INSERT UPDATE DELETE', 'admin'),
	('judged_prediction', 'SELECT', 'analyst'),
	('marker', 'SELECT', 'identity'),
	('marker_kind', 'SELECT', 'admin analyst identity'),
	('marker_kind', 'INSERT UPDATE DELETE', 'admin'),
	('marker_now', 'SELECT', 'identity'),
	('nuisance_candidate', 'SELECT', 'analyst'),
	('preset_marker_kind', 'SELECT', 'admin'),
	('preset_risk_factor', 'SELECT', 'admin analyst'),
	('risk', 'SELECT', 'analyst identity'),
	('risk_accuracy', 'SELECT', 'analyst'),
	('risk_evaluation', 'SELECT', 'analyst'),
	('risk_factor', 'SELECT', 'admin analyst operator'),
	('current_risk_factor', 'SELECT', 'admin analyst'),
	('risk_measure', 'SELECT', 'admin analyst'),
	('risk_model', 'SELECT', 'admin analyst operator'),
	('risk_prediction', 'SELECT', 'analyst'),
	('risk_reliability', 'SELECT', 'analyst'),
	('risk_state', 'SELECT', 'admin analyst operator'),
	('bank_holiday', 'SELECT', 'admin analyst'),
	('bank_holiday', 'INSERT UPDATE DELETE', 'admin'),
	('district', 'SELECT', 'admin analyst'),
	('district', 'INSERT UPDATE DELETE', 'admin'),
	('incident_code', 'SELECT', 'admin analyst'),
	('incident_code', 'INSERT UPDATE DELETE', 'admin'),
	('preset_bank_holiday', 'SELECT', 'admin'),
	('calendar', 'SELECT', 'analyst'),
	('daily_count', 'SELECT', 'analyst'),
	('feed', 'SELECT', 'analyst'),
	('feed_count', 'SELECT', 'analyst'),
	('hourly_count', 'SELECT', 'analyst'),
	('monthly_concentration', 'SELECT', 'analyst'),
	('roster', 'SELECT', 'analyst'),
	('roster_month', 'SELECT', 'analyst'),
	('today', 'SELECT', 'analyst'),
	('unlisted_value', 'SELECT', 'analyst'),
	('preset_contact_problem', 'SELECT', 'admin analyst identity loader operator'),
	('contact_problem', 'SELECT', 'admin analyst identity loader operator'),
	('data_quality', 'SELECT', 'admin analyst identity loader operator'),
	('label_problem', 'SELECT', 'admin analyst identity loader operator'),
	('publication', 'SELECT', 'admin analyst'),
	('published_count', 'SELECT', 'admin analyst'),
	('engage_bi_named.dim_caller_named', 'SELECT', 'bi_named');
INSERT INTO wanted_grant
SELECT relation, 'SELECT', 'admin analyst bi_public' FROM wanted_relation WHERE relation LIKE 'engage\_bi\_public.%';
INSERT INTO wanted_grant
SELECT relation, 'SELECT', 'analyst bi' FROM wanted_relation WHERE relation LIKE 'engage\_bi.%';

-- Tables of which some columns may be read, by whom: each column stands once, '' for nobody.
CREATE TEMP TABLE wanted_column (relation text, who text NOT NULL, column_name text, PRIMARY KEY (relation, column_name));
INSERT INTO wanted_column
SELECT 'contact', 'analyst identity', unnest('{contact_id, source, source_ref, occurred_at, recorded_at, channel, direction, cli_status,
	callback_of, duplicate_of}'::text[])
UNION ALL SELECT 'contact', 'analyst', unnest('{district, opening_code, closing_code, qualifiers, subject, demand_class, grade, deployed,
	answered_at, ended_at, handling_seconds, disconnected, spoke_to_service, confirmed_safe, tag, incident_ref, recording_ref}'::text[])
UNION ALL SELECT 'contact', 'identity', unnest('{number_raw, given_name, family_name, date_of_birth, address, postcode, email,
	imei, nominal_ref, identity_details, persona_key}'::text[])
UNION ALL SELECT 'contact', '', unnest('{latitude, longitude, location_radius_m, details}'::text[]);

CREATE TEMP VIEW extension_schema AS
SELECT n.*, n.nspname::text AS schema
FROM pg_namespace n JOIN extension_object o ON o.classid = 'pg_namespace'::regclass AND o.objid = n.oid;

CREATE TEMP VIEW relation AS
SELECT c.*, regexp_replace(c.oid::regclass::text, '\mengage(_internal)?\.', '', 'g') AS relation, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type'
	ELSE c.relkind::text END AS kind
FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM extension_schema) AND c.relkind <> 'i';

SELECT set_eq('SELECT kind, relation FROM relation', 'SELECT kind, relation FROM wanted_relation',
	'every table, view, sequence and row type is on a list');
SELECT set_eq(
	$$SELECT c.relation, replace(a.grantee::regrole::text, 'engage_', '') AS grantee, a.privilege_type, a.is_grantable
		FROM relation c, aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) a
		WHERE a.grantee <> c.relowner$$,
	$$SELECT w.relation, grantee, verb, false AS grantable
		FROM wanted_grant w, unnest(string_to_array(w.who, ' ')) grantee, unnest(string_to_array(w.verbs, ' ')) verb$$,
	'who may do what with which relation; - stands for PUBLIC');
SELECT set_eq(
	$$SELECT c.relation, a.attname::text, x.grantee::regrole::text, x.privilege_type, x.is_grantable
		FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x$$,
	$$SELECT relation, column_name, 'engage_' || grantee AS grantee, 'SELECT' AS verb, false AS grantable
		FROM wanted_column, unnest(string_to_array(who, ' ')) grantee$$,
	'who may read which column');
SELECT set_eq(
	$$SELECT c.relation, a.attname::text FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relation IN (SELECT relation FROM wanted_column) AND a.attnum > 0 AND NOT a.attisdropped$$,
	'SELECT relation, column_name FROM wanted_column', 'every column of such a table is on a list');
SELECT is_empty($$SELECT relation FROM relation WHERE relowner <> 'engage_owner'::regrole$$, 'engage_owner owns every relation');
SELECT set_eq($$SELECT relation FROM relation WHERE kind IN ('table', 'view') AND relnamespace IN ('engage'::regnamespace, 'engage_internal'::regnamespace)
		AND relation NOT IN (SELECT w.relation FROM wanted_grant w) AND relation NOT IN (SELECT w.relation FROM wanted_column w)$$,
	$$SELECT relation FROM relation WHERE kind <> 'type' AND relnamespace = 'engage_internal'::regnamespace$$,
	'the tables and views of engage_internal are those that nobody may read');
SELECT is_empty($$SELECT relation FROM relation WHERE kind IN ('table', 'view') AND obj_description(oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is_empty($$SELECT relation FROM relation WHERE kind = 'view' AND relnamespace <> 'engage_internal'::regnamespace AND relation NOT LIKE 'engage\_bi.%' AND relation NOT LIKE 'engage\_bi\_public.%'
		AND NOT coalesce('security_barrier=true' = ANY (reloptions), false)$$,
	'views that show less than their tables are barriers; nobody reads those of engage_internal, and those of engage_bi and engage_bi_public hide no row that tells more than others');

-- ------------------------------------------------- types, operators, schema

CREATE TEMP TABLE wanted_type (type text PRIMARY KEY);
INSERT INTO wanted_type SELECT pg_temp.lines($$
	aml_location
	before_after_result
	caller_cluster
	caller_cluster_text
	caller_rank
	caller_rank_text
	cli_status
	concentration
	contact_channel
	contact_direction
	criterion
	criterion_met
	criterion_met_text
	demand_model
	detail_kind
	escalation_prior
	flag_wanted
	gamma_prior
	interrupted_time_series
	link_method
	logistic_model
	marker_basis
	match_weights
	number_sharing
	prediction_quality
	referral_identified_by
	referral_review_status
	reliability_bin
	risk_axis
	stage_result
	timeline
$$);
CREATE TEMP VIEW extension_type AS
SELECT t.* FROM pg_type t JOIN extension_object o ON o.classid = 'pg_type'::regclass AND o.objid = t.oid
WHERE t.typcategory <> 'A' AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'));	-- from 18 on arrays and rows of tables are members too
SELECT set_eq('SELECT typname::text FROM extension_type', 'SELECT type FROM wanted_type', 'every type is on the list');
SELECT is_empty('SELECT typname FROM extension_type WHERE typacl IS NOT NULL', 'all may use them, in tables of their own');
SELECT is_empty($$SELECT typname FROM pg_type WHERE typnamespace = 'engage'::regnamespace AND typowner <> 'engage_owner'::regrole$$,
	'engage_owner owns every type');
SELECT is_empty($$SELECT oprname FROM pg_operator WHERE oprnamespace = 'engage'::regnamespace AND oprowner <> 'engage_owner'::regrole
	UNION ALL SELECT opcname FROM pg_opclass WHERE opcnamespace = 'engage'::regnamespace AND opcowner <> 'engage_owner'::regrole
	UNION ALL SELECT opfname FROM pg_opfamily WHERE opfnamespace = 'engage'::regnamespace AND opfowner <> 'engage_owner'::regrole$$,
	'engage_owner owns every operator, operator class and family');

CREATE TEMP TABLE wanted_schema (schema text PRIMARY KEY, who text NOT NULL);
INSERT INTO wanted_schema VALUES
	('engage', 'admin analyst handler identity loader operator'),
	('engage_internal', 'admin loader operator'),
	('engage_bi', 'analyst bi'),
	('engage_bi_named', 'bi_named'),
	('engage_bi_public', 'admin analyst bi_public');
SELECT set_eq('SELECT schema FROM extension_schema', 'SELECT schema FROM wanted_schema', 'every schema is on the list');
SELECT is_empty($$SELECT schema FROM extension_schema WHERE nspowner <> 'engage_owner'::regrole$$, 'engage_owner owns the schemas');
SELECT set_eq(
	$$SELECT n.schema, replace(a.grantee::regrole::text, 'engage_', '') AS grantee, a.privilege_type, a.is_grantable
		FROM extension_schema n, aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner$$,
	$$SELECT schema, grantee, 'USAGE' AS verb, false AS grantable FROM wanted_schema, unnest(string_to_array(who, ' ')) grantee$$,
	'which roles may use which schema; none makes anything in one');
SELECT is_empty(
	$$SELECT relation FROM relation c WHERE c.kind IN ('table', 'view')
		AND NOT EXISTS (SELECT FROM extension_object o WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid)
	UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM extension_schema)
		AND NOT EXISTS (SELECT FROM extension_object o WHERE o.classid = 'pg_proc'::regclass AND o.objid = p.oid)$$,
	'nothing in the schemas is anything but the extension''s');

-- ------------------------------------------------------------------- roles

SELECT set_eq($$SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'engage\_%'
		AND shobj_description(oid, 'pg_authid') LIKE 'engage: %'$$,
	$$SELECT 'engage_' || who FROM unnest('{owner, admin, analyst, bi, bi_named, bi_public, handler, identity, loader, operator}'::text[]) who$$,
	'the roles of the extension, which carry its comment');
CREATE TEMP VIEW group_role AS
SELECT r.* FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') LIKE 'engage: %';
SELECT is_empty('SELECT rolname FROM group_role WHERE rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls',
	'none can log in or has an attribute');
SELECT set_eq('SELECT rolname::text FROM group_role WHERE NOT rolinherit', $$VALUES ('engage_admin')$$,
	'administrators do not have the rights of the roles that they grant');
SELECT is_empty($$SELECT member::regrole FROM pg_auth_members WHERE roleid = 'engage_owner'::regrole$$, 'nobody is a member of engage_owner');
SELECT set_eq(
	$$SELECT m.roleid::regrole::text, m.member::regrole::text, m.admin_option
		FROM pg_auth_members m JOIN group_role r ON r.oid = m.member$$,
	$$SELECT 'engage_' || who AS role, 'engage_admin' AS member, true AS may_grant FROM unnest('{analyst, bi, bi_named, bi_public, handler, identity, loader, operator}'::text[]) who$$,
	'the roles are members of none but each other');
SELECT is_empty(
	$$SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
		WHERE p.pronamespace = to_regnamespace('engage_demo') AND a.grantee = 0
	UNION ALL SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) a
		WHERE c.relnamespace = to_regnamespace('engage_demo') AND a.grantee = 0$$,
	'the demonstration gives nothing to PUBLIC');

-- ------------------------------------------------------------------ logins

CREATE ROLE rights_admin LOGIN IN ROLE engage_admin;
CREATE ROLE rights_analyst LOGIN IN ROLE engage_analyst;
SELECT lives_ok(format('SELECT engage.set_up_bi_login(%L, %L)', 'rights_' || who, 'engage_' || who), format('a login for %s', who))
FROM unnest('{bi, bi_named, bi_public}'::text[]) who;
CREATE ROLE rights_handler LOGIN IN ROLE engage_handler;
CREATE ROLE rights_identity LOGIN IN ROLE engage_identity;
CREATE ROLE rights_loader LOGIN IN ROLE engage_loader;
CREATE ROLE rights_operator LOGIN IN ROLE engage_operator;
CREATE ROLE rights_nobody LOGIN;

-- What a login gets from a statement: the number of its rows, or its SQLSTATE.
CREATE FUNCTION pg_temp.attempt(who text, statement text, keep boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found_rows bigint;
	outcome text;
BEGIN
	BEGIN
		EXECUTE format('SET SESSION AUTHORIZATION %I', 'rights_' || who);
		EXECUTE statement;
		GET DIAGNOSTICS found_rows = ROW_COUNT;
		outcome := found_rows;
		IF NOT keep THEN
			RAISE SQLSTATE 'UNDO0';
		END IF;
	EXCEPTION
		WHEN SQLSTATE 'UNDO0' THEN NULL;
		WHEN OTHERS THEN outcome := SQLSTATE;
	END;
	RESET SESSION AUTHORIZATION;
	RETURN outcome;
END
$$;

-- What it must: in this order, each on what the ones before it left.
SELECT is(pg_temp.attempt(who, statement), outcome, format('%s may: %s', who, regexp_replace(statement, '\s+', ' ', 'g')))
FROM (VALUES
	('admin', $$SELECT engage.setup(rules => NULL)$$, '1'),
	('admin', $$SELECT engage.adopt_rules('kent_v1')$$, '1'),
	('admin', $$INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('week', 1, 'top', 3, 'week')$$, '1'),
	('admin', $$UPDATE engage.policy SET flag_current_for = '60 days', zone = 'Europe/Dublin'$$, '1'),
	('admin', $$INSERT INTO engage.known_number (number, sharing, label) VALUES ('+447700900999', 'payphone', 'Invented Street')$$, '1'),
	('admin', $$UPDATE engage.known_number SET label = 'Invented Road'$$, '1'),
	('admin', $$UPDATE engage.channel SET label = 'Emergency call' WHERE channel = '999_voice'$$, '1'),
	('admin', $$UPDATE engage.policy SET contact_bands = '{1, 3}'$$, '1'),
	('admin', $$INSERT INTO engage.district (district, label) VALUES ('N', 'North')$$, '1'),
	('admin', $$UPDATE engage.district SET label = 'The North'$$, '1'),
	('admin', $$INSERT INTO engage.incident_code (code, label) VALUES ('C1', 'Concern')$$, '1'),
	('admin', $$DELETE FROM engage.bank_holiday WHERE day = '2026-12-28'$$, '1'),
	('loader', $$INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, cli_status, opening_code)
		SELECT 'test', n::text, now() - n * interval '1 hour', '999_voice', '07700 900001', 'Ada', 'presented', 'Free text' FROM generate_series(1, 6) n$$, '6'),
	('loader', $$INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw) VALUES ('test', '1', now(), 'email', NULL)
		ON CONFLICT (source, source_ref) DO UPDATE SET tag = 'seen'$$, '1'),
	('loader', $$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('test', 'wrong', now(), 'other')$$, '1'),
	('loader', $$DELETE FROM engage.contact WHERE source_ref = 'wrong'$$, '1'),
	('admin', $$SELECT engage.name_identity_details('{"place_of_birth": "text"}')$$, '1'),
	('admin', $$SELECT FROM engage.identity_detail WHERE key = 'place_of_birth' AND added_by = 'rights_admin'$$, '1'),
	('loader', $$INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, family_name, district, details)
		VALUES ('test', 'known', now() - interval '30 days', 'email', '07700 900002', 'Byron', 'N', '{"place_of_birth": "Invented", "other": 1}')$$, '1'),
	('loader', $$SELECT FROM engage.contact WHERE identity_details = '{"place_of_birth": "Invented"}'$$, '1'),
	('operator', $$DO 'DECLARE run bigint := engage_internal.refresh_begin(100);
		BEGIN WHILE engage_internal.refresh_step(run, 100) LOOP END LOOP; PERFORM engage_internal.refresh_end(run); END'$$, '0'),
	('operator', $$SELECT FROM engage.refresh_run WHERE state = 'done' AND flags_raised = 2 AND login = 'rights_operator'$$, '1'),
	('operator', $$SELECT FROM engage.verify()$$, '0'),
	('operator', $$SELECT engage.check_sample(1)$$, '1'),
	('operator', $$SELECT FROM engage.verification WHERE problems = 0$$, '1'),
	('operator', $$SELECT FROM engage.health() WHERE item IN ('setup', 'rules', 'last run', 'capture', 'verification') AND status = 'ok'$$, '5'),
	('operator', $$SELECT engage.queue_all()$$, '1'),
	('operator', $$SELECT engage.housekeeping()$$, '1'),
	('operator', $$SELECT FROM engage.jobs()$$, '3'),
	('operator', $$SELECT FROM engage.job_health()$$, '0'),
	('operator', $$SELECT engage.schedule()$$, '55000'),
	('operator', $$SELECT engage.unschedule()$$, '55000'),
	('operator', $$SELECT FROM engage.train_linkage()$$, '55000'),
	('operator', $$SELECT FROM engage.linkage_model m, engage.linkage_state s WHERE s.model_id = m.model_id$$, '1'),
	('admin', $$SELECT engage.adopt_linkage_model('contacts')$$, '1'),
	('admin', $$SELECT engage.adopt_linkage_model(1)$$, '1'),
	('admin', $$SELECT FROM engage.train_linkage()$$, '55000'),
	('admin', $$SELECT FROM engage.linkage_model WHERE created_by = 'rights_admin'$$, '4'),
	('admin', $$SELECT FROM engage.preset_linkage_model$$, '1'),
	('handler', $$SELECT FROM engage.identify('07700 900001', given_name => 'Ada') WHERE contacts = 6 AND emergency_override IS NOT NULL$$, '1'),
	('identity', $$SELECT FROM engage.identify(family_name => 'Byron', number => '07700 900002') WHERE match <> 'nobody'$$, '1'),
	('identity', $$SELECT FROM engage.lookup('07700 900001') WHERE known$$, '1'),
	('identity', $$SELECT number_raw, given_name, identity_details, persona_key FROM engage.contact$$, '7'),
	('identity', $$SELECT FROM engage.persona p JOIN engage.caller c ON c.caller_id = p.caller_id$$, '2'),
	('identity', $$SELECT engage.confirm_link('07700 900001', '07700 900002', 'She said so', 'given_by_caller')$$, '1'),
	('operator', $$DO 'DECLARE run bigint := engage_internal.refresh_begin(100);
		BEGIN WHILE engage_internal.refresh_step(run, 100) LOOP END LOOP; PERFORM engage_internal.refresh_end(run); END'$$, '0'),
	('identity', $$SELECT FROM engage.link_decision WHERE decided_by = 'rights_identity' AND method = 'given_by_caller'$$, '1'),
	('identity', $$SELECT DISTINCT caller_id FROM engage.persona$$, '1'),
	('identity', $$SELECT FROM engage.link WHERE score = 'Infinity'$$, '1'),
	('identity', $$SELECT FROM engage.merge_event WHERE kind = 'merge'$$, '1'),
	('identity', $$SELECT DISTINCT step FROM engage.explain_identity('07700 900001', '07700 900002') WHERE decision_id IS NOT NULL$$, '1'),
	('identity', $$SELECT FROM engage.link l, engage.compare_personas(engage.current_linkage_model(), l.persona_a, l.persona_b) WHERE detail = 'prior'$$, '1'),
	('identity', $$SELECT FROM engage.caller_as_of('07700 900002', now())$$, '1'),
	('identity', $$SELECT engage.revoke_decision(decision_id, 'She did not') FROM engage.link_decision$$, '1'),
	('operator', $$DO 'DECLARE run bigint := engage_internal.refresh_begin(100);
		BEGIN WHILE engage_internal.refresh_step(run, 100) LOOP END LOOP; PERFORM engage_internal.refresh_end(run); END'$$, '0'),
	('identity', $$SELECT DISTINCT caller_id FROM engage.persona$$, '2'),
	('identity', $$SELECT engage.reject_link('07700 900001', '07700 900002', 'Two people')$$, '1'),
	('handler', $$SELECT engage.refer(reason => 'Calls often', number => '07700 900001')$$, '1'),
	('identity', $$SELECT FROM engage.referral$$, '1'),
	('identity', $$SELECT FROM engage.caller_number$$, '2'),
	('identity', $$SELECT FROM engage.link_review, engage.shared_number_suspect$$, '0'),
	('admin', $$SELECT FROM engage.harvest_referrals()$$, '1'),
	('handler', $$SELECT FROM engage.lookup('+44 7700 900001') WHERE known AND contacts_24_hours = 6 AND open_flags = 2$$, '1'),
	('handler', $$SELECT FROM engage.lookup('07700 900999') WHERE label = 'Invented Road' AND sharing = 'payphone'$$, '1'),
	('analyst', $$SELECT FROM engage.lookup('07700 900001') WHERE known$$, '1'),
	('analyst', $$SELECT FROM engage.repeat_caller WHERE contacts = 6$$, '2'),
	('analyst', $$SELECT FROM engage.flag f, engage.explain_flag(f.flag_id) WHERE f.rule_id = (SELECT rule_id FROM engage.rule WHERE name = 'kent')$$, '6'),
	('analyst', $$SELECT FROM engage.back_test('{3 in 1 day}', now() - interval '7 days', now())$$, '1'),
	('analyst', $$SELECT FROM engage.back_test('{3 in 1 day}', now() - interval '7 days', now(), '{999_voice}')$$, '1'),
	('analyst', $$SELECT FROM engage.back_test_grid(3, 4, '{1 day}', now() - interval '7 days', now(), channels => '{999_voice}') WHERE callers = 1$$, '2'),
	('analyst', $$SELECT FROM engage.workable_threshold(1, now() - interval '7 days', now())$$, '4'),
	('analyst', $$SELECT caller_id, occurred_at, channel, district FROM engage.contact JOIN engage.contact_caller USING (contact_id)$$, '7'),
	('analyst', $$SELECT FROM engage.caller WHERE engage.peak(timeline, '1 day') = 6 AND engage.meets(timeline, '5 in 1 day')$$, '1'),
	('analyst', $$SELECT engage.contact_times(timeline), engage.sparkline(timeline) FROM engage.caller$$, '7'),
	('analyst', $$SELECT unnest(engage.repeat_callers(caller_id, occurred_at, '{3 in 1 day}'))
		FROM engage.contact JOIN engage.contact_caller USING (contact_id)$$, '1'),
	('analyst', $$SELECT engage.rolling_count(occurred_at, '1 day') OVER (ORDER BY occurred_at) FROM engage.contact$$, '7'),
	('analyst', $$SELECT WHERE engage.timeline(ARRAY[now()]) OPERATOR(engage.=) engage.timeline(ARRAY[now()])$$, '1'),
	('analyst', $$SELECT FROM engage.known_number$$, '1'),
	('analyst', $$CREATE TEMP TABLE own (at engage.timeline, PRIMARY KEY (at))$$, '0'),
	('bi', $$SELECT FROM engage_bi.fact_contact f JOIN engage_bi.dim_date d ON d.date_key = f.date_key$$, '7'),
	('bi', $$SELECT FROM engage_bi.fact_contact_daily f JOIN engage_bi.dim_district d ON d.district_key = f.district_key WHERE d.district_name = 'The North'$$, '1'),
	('bi', $$SELECT DISTINCT f.caller_key FROM engage_bi.fact_caller_snapshot f JOIN engage_bi.dim_caller d ON d.caller_key = f.caller_key WHERE f.contacts_28d = 6$$, '1'),
	('bi', $$SELECT FROM engage_bi.meta_refresh WHERE last_run_state = 'done'$$, '1'),
	('bi_named', $$SELECT FROM engage_bi_named.dim_caller_named WHERE named_caller_label = 'Ada' AND named_number_count = 1$$, '1'),
	('analyst', $$SELECT FROM engage_bi.fact_contact$$, '7'),
	('analyst', $$SELECT FROM engage.unlisted_value WHERE field = 'incident_code' AND value = 'Free text'$$, '1'),
	('admin', $$SELECT engage.forget_caller_key(-1)$$, '1'),
	('admin', $$SELECT FROM engage.repeat_caller$$, '2'),
	('admin', $$SELECT FROM engage.health()$$, '15'),
	('admin', $$SELECT engage.adopt_risk_factors()$$, '1'),
	('admin', $$SELECT engage.set_risk_factor('recent', weight => 2)$$, '1'),
	('admin', $$SELECT engage.adopt_risk_model(1)$$, '1'),
	('admin', $$INSERT INTO engage.harm_weight VALUES ('mine', 'C1', 2)$$, '1'),
	('identity', $$SELECT engage.mark_caller(c.caller_id, 'mental_health', 'case 1') FROM engage.caller c WHERE c.contacts = 6$$, '1'),
	('identity', $$SELECT engage.mark_caller(c.caller_id, 'hoax', 'case 2') FROM engage.caller c WHERE c.contacts = 6$$, '1'),
	('operator', $$DO 'DECLARE run bigint := engage_internal.refresh_begin(100);
		BEGIN WHILE engage_internal.refresh_step(run, 100) LOOP END LOOP; PERFORM engage_internal.refresh_end(run); END'$$, '0'),
	('operator', $$SELECT FROM engage.verify()$$, '0'),
	('operator', $$SELECT FROM engage.fit_risk()$$, '1'),
	('identity', $$SELECT FROM engage.marker_now WHERE is_sensitive AND recorded_by = 'rights_identity'$$, '1'),
	('identity', $$SELECT FROM engage.risk r, engage.explain_risk(r.caller_id) e WHERE e.axis = 'demand'$$, '8'),
	('identity', $$SELECT engage.end_marker(marker_id, 'Not so') FROM engage.marker WHERE marker = 'mental_health'$$, '1'),
	('analyst', $$SELECT FROM engage.caller_marker$$, '1'),
	('bi', $$SELECT FROM engage_bi.fact_risk WHERE caller_natures <> ''$$, '1'),
	('analyst', $$SELECT FROM engage.risk r, engage.explain_risk(r.caller_id) e WHERE e.code = 'recent'$$, '2'),
	('analyst', $$SELECT FROM engage.nuisance_candidate$$, '1'),
	('analyst', $$SELECT FROM engage.evaluate_risk(now() - interval '28 days')$$, '55000'),
	('admin', $$UPDATE engage.rule SET valid_to = now() WHERE name = 'week'$$, '1'),
	('admin', $$DELETE FROM engage.known_number$$, '1')
) AS v (who, statement, outcome);

-- What it must not.
SELECT is(pg_temp.attempt(who, statement, false), '42501', format('%s must not: %s', who, regexp_replace(statement, '\s+', ' ', 'g')))
FROM (VALUES
	('handler', $$SELECT contact_id FROM engage.contact$$),
	('handler', $$SELECT FROM engage.explain_flag(1)$$),
	('handler', $$SELECT FROM engage.back_test('{3 in 1 day}', '-infinity', now())$$),
	('handler', $$SELECT FROM engage.back_test_grid(3, 4, '{1 day}', '2026-01-01', '2026-04-01')$$),
	('bi', $$SELECT FROM engage.workable_threshold(1, '2026-01-01', '2026-04-01')$$),
	('analyst', $$SELECT FROM engage_internal.caller_timelines(NULL)$$),
	('handler', $$SELECT engage.phone('07700 900001')$$),
	('analyst', $$SELECT * FROM engage.contact$$),
	('analyst', $$SELECT count(number_raw) FROM engage.contact$$),
	('analyst', $$SELECT contact_id FROM engage.contact WHERE given_name = 'Ada'$$),
	('analyst', $$SELECT contact_id FROM engage.contact ORDER BY persona_key$$),
	('analyst', $$SELECT contact FROM engage.contact$$),
	('analyst', $$SELECT details FROM engage.contact$$),
	('analyst', $$SELECT latitude FROM engage.contact$$),
	('analyst', $$SELECT identity_details FROM engage.contact$$),
	('analyst', $$SELECT FROM engage.persona$$),
	('analyst', $$SELECT FROM engage.link$$),
	('analyst', $$SELECT FROM engage.merge_event$$),
	('analyst', $$SELECT FROM engage.explain_identity('07700 900001', '07700 900002')$$),
	('analyst', $$SELECT FROM engage.identify('07700 900001')$$),
	('analyst', $$SELECT engage.confirm_link('07700 900001', '07700 900002', 'mine')$$),
	('handler', $$SELECT engage.reject_link('07700 900001', '07700 900002', 'mine')$$),
	('handler', $$SELECT FROM engage.explain_identity('07700 900001', '07700 900002')$$),
	('handler', $$SELECT FROM engage.caller_as_of('07700 900001', now())$$),
	('analyst', $$SELECT FROM engage.caller_as_of('07700 900001', now())$$),
	('handler', $$SELECT FROM engage.persona$$),
	('handler', $$SELECT FROM engage.referral$$),
	('handler', $$SELECT engage.review_referral(1, 'reviewed')$$),
	('analyst', $$SELECT FROM engage.referral$$),
	('analyst', $$SELECT FROM engage.caller_number$$),
	('bi', $$SELECT FROM engage.referral_review$$),
	('identity', $$UPDATE engage.referral SET reason = 'Other'$$),
	('operator', $$SELECT FROM engage.referral$$),
	('identity', $$SELECT * FROM engage.contact$$),
	('identity', $$SELECT details FROM engage.contact$$),
	('identity', $$INSERT INTO engage.link_decision (is_same) VALUES (true)$$),
	('identity', $$UPDATE engage.link_decision SET revoked_at = now()$$),
	('identity', $$SELECT FROM engage_internal.decided_persona$$),
	('identity', $$SELECT FROM engage_internal.resolve_identifier('07700 900001')$$),
	('identity', $$SELECT FROM engage.train_linkage()$$),
	('identity', $$SELECT engage.name_identity_details('{}')$$),
	('admin', $$SELECT FROM engage.identify('07700 900001')$$),
	('admin', $$INSERT INTO engage.linkage_model (model, origin) SELECT model, 'mine' FROM engage.linkage_model$$),
	('admin', $$SELECT engage.reject_link('07700 900001', '07700 900002', 'mine')$$),
	('operator', $$SELECT engage.adopt_linkage_model('contacts')$$),
	('operator', $$SELECT FROM engage_internal.cluster_personas(1, NULL)$$),
	('operator', $$SELECT FROM engage.linkage_term$$),
	('loader', $$SELECT FROM engage.identity_detail$$),
	('loader', $$SELECT FROM engage.identify('07700 900001')$$),
	('analyst', $$SELECT FROM engage.verify()$$),
	('analyst', $$SELECT engage.queue_all()$$),
	('analyst', $$SELECT engage.adopt_rules('kent_v2')$$),
	('bi', $$SELECT FROM engage.repeat_caller$$),
	('bi', $$SELECT engage.library_version()$$),
	('bi', $$SELECT engage.current_caller(1)$$),
	('bi', $$SELECT caller_key FROM engage_internal.caller_pseudonym$$),
	('bi', $$SELECT FROM engage_bi_named.dim_caller_named$$),
	('bi', $$CREATE TABLE engage_bi.own (a int)$$),
	('bi', $$SET ROLE engage_bi_named$$),
	('bi_named', $$SELECT FROM engage_bi.dim_caller$$),
	('bi_named', $$SELECT FROM engage.persona$$),
	('bi_public', $$SELECT FROM engage_bi.dim_district$$),
	('bi_public', $$SELECT FROM engage_bi_named.dim_caller_named$$),
	('analyst', $$SELECT FROM engage_bi_named.dim_caller_named$$),
	('analyst', $$SELECT FROM engage_internal.caller_pseudonym$$),
	('identity', $$SELECT FROM engage_internal.caller_pseudonym$$),
	('operator', $$SELECT FROM engage.roster$$),
	('admin', $$SELECT FROM engage_bi.dim_caller$$),
	('admin', $$SELECT FROM engage_bi_named.dim_caller_named$$),
	('admin', $$SELECT engage.set_up_bi_login('rights_other')$$),
	('admin', $$SELECT engage_internal.assign_pseudonyms('{1}')$$),
	('loader', $$INSERT INTO engage.district (district, label) VALUES ('S', 'South')$$),
	('bi', $$SELECT contact_id FROM engage.contact$$),
	('bi', $$SELECT caller_id FROM engage.contact_caller$$),
	('bi', $$SELECT flag_id FROM engage.flag$$),
	('bi', $$SELECT FROM engage.lookup('07700 900001')$$),
	('bi', $$SELECT FROM engage.explain_flag(1)$$),
	('operator', $$SELECT caller_id FROM engage.caller$$),
	('operator', $$SELECT FROM engage.repeat_caller$$),
	('operator', $$SELECT FROM engage_internal.dirty$$),
	('operator', $$SELECT FROM engage.lookup('07700 900001')$$),
	('operator', $$SELECT engage.setup()$$),
	('operator', $$SELECT engage.adopt_rules('kent_v2')$$),
	('operator', $$SELECT engage_internal.refresh_work(1, 1)$$),
	('operator', $$SELECT engage_internal.recount_personas(1)$$),
	('loader', $$SELECT flag_id FROM engage.flag$$),
	('loader', $$SELECT FROM engage.persona$$),
	('loader', $$SELECT FROM engage.lookup('07700 900001')$$),
	('loader', $$TRUNCATE engage.contact$$),
	('loader', $$CALL engage.refresh()$$),
	('loader', $$SELECT setval('engage.contact_contact_id_seq', 1)$$),
	('loader', $$ALTER TABLE engage.contact DISABLE TRIGGER contact_inserted$$),
	('loader', $$CREATE TEMP TABLE mine (a int); CREATE TRIGGER t AFTER INSERT ON mine FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.contact_changed()$$),
	('admin', $$SELECT contact_id FROM engage.contact$$),
	('admin', $$SELECT flag_id FROM engage.flag$$),
	('admin', $$SELECT FROM engage.lookup('07700 900001')$$),
	('admin', $$CALL engage.refresh()$$),
	('admin', $$DELETE FROM engage.rule$$),
	('admin', $$DELETE FROM engage.policy$$),
	('admin', $$SET ROLE engage_owner$$),
	('admin', $$GRANT engage_owner TO rights_admin$$),
	('admin', $$CREATE TABLE engage.own (a int)$$),
	('operator', $$GRANT engage_analyst TO rights_operator$$),
	('analyst', $$SELECT FROM engage.marker$$),
	('analyst', $$SELECT FROM engage.marker_now$$),
	('analyst', $$SELECT FROM engage_internal.contact_facts(1, now(), '{1}')$$),
	('analyst', $$SELECT engage.mark_caller(1, 'hoax', 'mine')$$),
	('analyst', $$SELECT engage.set_risk_factor('recent', weight => 2)$$),
	('analyst', $$SELECT FROM engage.fit_risk()$$),
	('bi', $$SELECT FROM engage.risk$$),
	('bi', $$SELECT FROM engage.caller_risk$$),
	('bi', $$SELECT FROM engage.explain_risk(1)$$),
	('handler', $$SELECT FROM engage.risk$$),
	('handler', $$SELECT engage.mark_caller(1, 'hoax', 'mine')$$),
	('identity', $$INSERT INTO engage.marker (caller_id, marker, basis, source) VALUES (1, 'hoax', 'fact', 'mine')$$),
	('identity', $$DELETE FROM engage.marker$$),
	('identity', $$SELECT engage.adopt_risk_factors()$$),
	('admin', $$UPDATE engage.risk_factor SET weight = 0$$),
	('admin', $$SELECT engage.mark_caller(1, 'hoax', 'mine')$$),
	('admin', $$SELECT FROM engage.risk$$),
	('operator', $$SELECT FROM engage.risk$$),
	('operator', $$SELECT FROM engage.caller_risk$$),
	('operator', $$SELECT FROM engage.explain_risk(1)$$),
	('operator', $$SELECT engage.adopt_risk_factors()$$),
	('loader', $$SELECT FROM engage.risk$$),
	('nobody', $$SELECT engage.phone('07700 900001')$$),
	('nobody', $$SELECT FROM engage.repeat_caller$$),
	('nobody', $$SELECT FROM engage.lookup('07700 900001')$$),
	('nobody', $$SELECT FROM engage.health()$$)
) AS v (who, statement);

-- An administrator grants the roles, and by that alone has none of their rights.
SELECT is(pg_temp.attempt('admin', 'GRANT engage_handler TO rights_nobody'), '0', 'an administrator grants a role');
SELECT is(pg_temp.attempt('nobody', $$SELECT FROM engage.lookup('07700 900001')$$), '1', 'which then can be used');
SELECT is(pg_temp.attempt('admin', 'REVOKE engage_handler FROM rights_nobody'), '0', 'and takes it back');

-- Every table and view, every verb, every login: what ends in 42501 is what is on no list above.
CREATE TEMP TABLE tried AS
SELECT who, c.relation, verb, pg_temp.attempt(who, statement, false) <> '42501' AS may
FROM unnest('{admin, analyst, bi, bi_named, bi_public, handler, identity, loader, operator, nobody}'::text[]) who,
	relation c,
	LATERAL (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = 2 OR a.attrelid = c.oid AND a.attnum = 1
		ORDER BY a.attnum DESC LIMIT 1) a,
	LATERAL (VALUES
		('SELECT', format('SELECT * FROM %s', c.oid::regclass)),
		('INSERT', format('INSERT INTO %s DEFAULT VALUES', c.oid::regclass)),
		('UPDATE', format('UPDATE %s SET %I = DEFAULT', c.oid::regclass, a.attname)),
		('DELETE', format('DELETE FROM %s', c.oid::regclass)),
		('TRUNCATE', format('TRUNCATE %s CASCADE', c.oid::regclass))) v (verb, statement)
-- writing to a view of several tables fails before anybody's rights are looked at
WHERE c.kind = 'table' OR c.kind = 'view' AND verb = 'SELECT';
SELECT set_eq(format('SELECT relation, verb FROM tried WHERE may AND who = %L', who),
	format('SELECT relation, verb FROM wanted_grant, unnest(string_to_array(verbs, '' '')) verb WHERE %L = ANY (string_to_array(who, '' ''))', who),
	format('%s, %s attempts: only what is on the list', who, (SELECT count(*) FROM tried t WHERE t.who = w.who)))
FROM (SELECT DISTINCT who FROM tried) w (who) ORDER BY who;

SELECT * FROM finish();
ROLLBACK;
