/*
 * Ownership and rights.
 *
 * Everything belongs to engage_owner; nothing is granted to PUBLIC.  Everybody
 * may use the types: otherwise no user's table could contain a timeline.
 */
ALTER SCHEMA engage OWNER TO engage_owner;
ALTER SCHEMA engage_internal OWNER TO engage_owner;
ALTER SCHEMA engage_bi OWNER TO engage_owner;
ALTER SCHEMA engage_bi_named OWNER TO engage_owner;
ALTER SCHEMA engage_bi_public OWNER TO engage_owner;

DO $$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT format('ALTER %s %s OWNER TO engage_owner',
			CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, p.oid::regprocedure)
		FROM pg_proc p WHERE p.pronamespace = ANY ('{engage,engage_internal}'::regnamespace[])
		UNION ALL
		SELECT format('ALTER %s %s OWNER TO engage_owner',
			CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.oid::regclass)
		FROM pg_class c WHERE c.relnamespace = ANY ('{engage,engage_internal,engage_bi,engage_bi_named,engage_bi_public}'::regnamespace[]) AND c.relkind IN ('r', 'v')
		UNION ALL
		SELECT format('ALTER TYPE %s OWNER TO engage_owner', t.oid::regtype)
		FROM pg_type t
		WHERE t.typnamespace = ANY ('{engage,engage_internal}'::regnamespace[]) AND t.typelem = 0
			AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
		UNION ALL
		SELECT format('ALTER OPERATOR %s OWNER TO engage_owner', o.oid::regoperator)
		FROM pg_operator o WHERE o.oprnamespace = 'engage'::regnamespace
		UNION ALL
		SELECT format('ALTER OPERATOR CLASS engage.%I USING %I OWNER TO engage_owner', c.opcname, a.amname)
		FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod
		WHERE c.opcnamespace = 'engage'::regnamespace
		UNION ALL
		SELECT format('ALTER OPERATOR FAMILY engage.%I USING %I OWNER TO engage_owner', f.opfname, a.amname)
		FROM pg_opfamily f JOIN pg_am a ON a.oid = f.opfmethod
		WHERE f.opfnamespace = 'engage'::regnamespace
	LOOP
		EXECUTE statement;
	END LOOP;
END
$$;

REVOKE ALL ON ALL ROUTINES IN SCHEMA engage, engage_internal FROM PUBLIC;

GRANT USAGE ON SCHEMA engage TO engage_analyst, engage_handler, engage_identity, engage_loader, engage_operator, engage_admin;
-- Functions that run with their caller's rights look up their parts there; the rights on each part stand below.
GRANT USAGE ON SCHEMA engage_internal TO engage_loader, engage_operator, engage_admin;

-- The toolkit: every function in C that does not read the register, and what its operators and casts call.
DO $$
DECLARE
	statement text;
BEGIN
	FOR statement IN
		SELECT format('GRANT EXECUTE ON FUNCTION %s TO engage_analyst, engage_identity, engage_loader, engage_admin', p.oid::regprocedure)
		FROM pg_proc p
		WHERE p.pronamespace = 'engage'::regnamespace
			AND (p.prokind = 'a' OR p.prolang = (SELECT l.oid FROM pg_language l WHERE l.lanname = 'c'))
			AND p.proname <> ALL ('{compare_personas,linked_pairs}')
		UNION
		SELECT format('GRANT EXECUTE ON FUNCTION %s TO engage_analyst, engage_identity, engage_loader, engage_admin', p.oid::regprocedure)
		FROM pg_proc p
		WHERE p.pronamespace = 'engage_internal'::regnamespace
			AND (p.oid IN (SELECT o.oprcode FROM pg_operator o UNION SELECT a.amproc FROM pg_amproc a UNION SELECT c.castfunc FROM pg_cast c)
				OR p.proname = ANY ('{contact_fault,valid_contact,persona_keys_of_number}'))
	LOOP
		EXECUTE statement;
	END LOOP;
END
$$;
-- and functions that only pass text to them
GRANT EXECUTE ON FUNCTION engage.peak(engage.timeline, text), engage.peak_window(engage.timeline, text),
	engage.rolling_counts(engage.timeline, text) TO engage_analyst, engage_identity, engage_loader, engage_admin;
GRANT EXECUTE ON FUNCTION engage.library_version() TO engage_operator, engage_handler, engage_identity;

-- Loaders write contacts; only loaders and administrators may read identifying details.
GRANT SELECT, INSERT, UPDATE, DELETE ON engage.contact TO engage_loader;
GRANT EXECUTE ON FUNCTION engage_internal.presented_number(text, engage.cli_status), engage_internal.pick_identity_details(jsonb) TO engage_loader;
GRANT SELECT, INSERT, DELETE ON engage.record_reject TO engage_loader;
GRANT SELECT ON engage.channel_alias, engage.preset_channel_alias, engage.enum_value TO engage_loader;
GRANT EXECUTE ON FUNCTION engage.load_contacts(text, regclass, jsonb, text, text, text, bigint), engage_internal.load_contact_batch(text, text, jsonb[], bigint[]),
	engage_internal.contact_columns(regclass, jsonb), engage_internal.check_mapping(regclass, jsonb), engage_internal.loadable_columns(),
	engage_internal.load_statements(regclass, jsonb, bigint), engage_internal.read_contact_value(text, text), engage_internal.set_aside(text, bigint, text, jsonb, bigint, boolean), engage.channel_of(text),
	engage_internal.force_zone() TO engage_loader;
GRANT EXECUTE ON FUNCTION engage_internal.alias_key(text) TO engage_loader, engage_admin;
GRANT SELECT ON engage.enum_value TO engage_analyst, engage_handler, engage_identity, engage_admin, engage_operator;
GRANT EXECUTE ON FUNCTION engage.period_start(timestamptz, text, text), engage.period_end(timestamptz, text, text)
	TO engage_analyst, engage_admin;

-- Analysts see callers and flags by id, and the explanations.
GRANT SELECT (contact_id, source, source_ref, occurred_at, recorded_at, channel, direction, cli_status, district, opening_code,
	closing_code, qualifiers, subject, demand_class, grade, deployed, answered_at, ended_at, handling_seconds, disconnected,
	spoke_to_service, confirmed_safe, tag, incident_ref, recording_ref, callback_of, duplicate_of)
	ON engage.contact TO engage_analyst;
GRANT SELECT ON engage.caller, engage.repeat_caller, engage.contact_caller, engage.flag, engage.flag_event, engage.rule, engage.preset_rule, engage.policy,
	engage.channel, engage.known_number TO engage_analyst;
GRANT EXECUTE ON FUNCTION engage.explain_flag(bigint), engage.lookup(text), engage.lookup(numeric),
	engage.back_test(engage.criterion[], timestamptz, timestamptz, engage.contact_channel[]),
	engage.back_test(text, timestamptz, timestamptz, engage.contact_channel[]),
	engage.back_test_grid(integer, integer, interval[], timestamptz, timestamptz, engage.criterion[], engage.contact_channel[]),
	engage.back_test_grid(integer, integer, interval[], timestamptz, timestamptz, text, engage.contact_channel[]),
	engage.workable_threshold(integer, timestamptz, timestamptz, interval[], engage.contact_channel[]), engage.health() TO engage_analyst;

GRANT EXECUTE ON FUNCTION engage.lookup(text), engage.lookup(numeric),
	engage.identify(text, text, text, date, text, text, text, text, text, jsonb, double precision) TO engage_handler;

-- People who decide on links see what identifies people, and the links made from it; they write decisions only, through functions.
GRANT SELECT (contact_id, source, source_ref, occurred_at, recorded_at, channel, direction, number_raw, cli_status, given_name,
	family_name, date_of_birth, address, postcode, email, imei, nominal_ref, identity_details, persona_key, callback_of, duplicate_of)
	ON engage.contact TO engage_identity;
GRANT SELECT ON engage.persona, engage.persona_timeline, engage.caller, engage.link, engage.link_decision, engage.merge_event,
	engage.shared_number, engage.known_number, engage.linkage_model, engage.linkage_term, engage.linkage_state, engage.set_aside TO engage_identity;
-- people who write contacts correct what holds up a subject
GRANT SELECT ON engage.set_aside_contact TO engage_loader, engage_identity;
GRANT EXECUTE ON FUNCTION engage.lookup(text), engage.lookup(numeric),
	engage.identify(text, text, text, date, text, text, text, text, text, jsonb, double precision),
	engage.explain_identity(text, text), engage.caller_as_of(text, timestamptz),
	engage.confirm_link(text, text, text, engage.link_method), engage.reject_link(text, text, text, engage.link_method),
	engage_internal.decide_link(boolean, text, text, text, engage.link_method), engage.revoke_decision(integer, text),
	engage.current_linkage_model(), engage.compare_personas(integer, uuid, uuid), engage.persona_label(uuid),
	engage.without_link(uuid, uuid), engage.linked_pairs(integer) TO engage_identity;
GRANT EXECUTE ON FUNCTION engage_internal.usable_date(date) TO engage_identity;
GRANT SELECT ON engage.caller_number, engage.handset_number, engage.link_review, engage.caller_contradiction,
	engage.shared_number_suspect, engage.flag_by_joining TO engage_identity;

-- Operators run it and monitor it, without personal data.
GRANT SELECT ON engage.refresh_run, engage.verification, engage.policy, engage.channel, engage.rule, engage.preset_rule,
	engage.linkage_model, engage.linkage_state TO engage_operator;
GRANT EXECUTE ON PROCEDURE engage.refresh(integer), engage.rebuild(integer) TO engage_operator;
GRANT EXECUTE ON FUNCTION engage_internal.refuse_transaction_block(text) TO engage_operator;
GRANT EXECUTE ON FUNCTION engage_internal.refresh_begin(integer), engage_internal.refresh_step(bigint, integer), engage_internal.refresh_end(bigint),
	engage.queue_all(), engage.verify(double precision), engage.check_sample(double precision), engage.housekeeping(),
	engage.health(), engage.job_health(), engage.schedule(text), engage_internal.schedule_statements(text, name, name), engage_internal.has_pg_cron(),
	engage.unschedule(), engage.train_linkage(bigint) TO engage_operator;

-- Administrators set what the force decides.
GRANT SELECT, INSERT, UPDATE ON engage.policy, engage.rule TO engage_admin;
-- a constraint of policy calls it with the rights of the writer
GRANT EXECUTE ON FUNCTION engage_internal.valid_tiers(double precision[], numeric[], integer[]), engage_internal.valid_bands(integer[]) TO engage_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON engage.channel, engage.channel_alias, engage.known_number TO engage_admin;
GRANT SELECT ON engage.preset_channel_alias, engage.record_reject TO engage_admin;
GRANT EXECUTE ON FUNCTION engage.channel_of(text) TO engage_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON engage.filler TO engage_admin;
GRANT SELECT ON engage.learnt_filler, engage.filler_suspect TO engage_admin;
GRANT SELECT ON engage.filler, engage.learnt_filler, engage.filler_suspect TO engage_identity;
GRANT SELECT ON engage.preset_rule, engage.preset_channel, engage.refresh_run, engage.verification, engage.repeat_caller,
	engage.linkage_model, engage.preset_linkage_model, engage.identity_detail TO engage_admin;
GRANT EXECUTE ON FUNCTION engage_internal.health_given(jsonb), engage_internal.job_state(), engage.jobs() TO engage_analyst, engage_operator, engage_admin;
GRANT EXECUTE ON FUNCTION engage.repair_capture(), engage.setup(text, text, text), engage.adopt_rules(text, timestamptz), engage.health(),
	engage.name_identity_details(jsonb), engage.adopt_linkage_model(text), engage.adopt_linkage_model(integer), engage.train_linkage(bigint)
	TO engage_admin;
GRANT engage_analyst, engage_bi, engage_bi_named, engage_bi_public, engage_handler, engage_identity, engage_loader, engage_operator TO engage_admin WITH ADMIN OPTION;

-- Handlers refer; reviewers read the referrals, and decide.
GRANT EXECUTE ON FUNCTION engage.refer(text, text, text, text, text, engage.referral_identified_by, bigint, bigint, text, text, date,
	text, text, text, text, jsonb) TO engage_handler, engage_identity;
GRANT SELECT ON engage.referral, engage.review_batch, engage.referral_review, engage.referral_policy TO engage_identity, engage_admin;
GRANT INSERT, UPDATE ON engage.referral_policy TO engage_admin;
GRANT EXECUTE ON FUNCTION engage.open_review_batch(), engage.review_referral(bigint, engage.referral_review_status, text, bigint, bigint),
	engage.referral_settings() TO engage_identity, engage_admin;
GRANT EXECUTE ON FUNCTION engage.harvest_referrals() TO engage_identity, engage_admin, engage_operator;
GRANT SELECT ON engage.referral_overlap, engage.referral_route TO engage_analyst, engage_identity, engage_admin;
GRANT EXECUTE ON FUNCTION engage.current_caller(bigint) TO engage_analyst, engage_identity, engage_admin;

-- Analysts read scores, administrators set them up, operators may fit them too; people who see who is behind a number set markers.
GRANT SELECT ON engage.caller_risk, engage.risk, engage.caller_nature, engage.nuisance_candidate, engage.caller_marker, engage.marker_kind,
	engage.risk_measure, engage.risk_model, engage.risk_factor, engage.current_risk_factor, engage.preset_risk_factor, engage.harm_weight,
	engage.risk_state, engage.demand_fit, engage.risk_evaluation, engage.risk_prediction, engage.judged_prediction, engage.risk_accuracy,
	engage.risk_reliability, engage.caller_shift, engage.escalating_caller TO engage_analyst;
GRANT EXECUTE ON FUNCTION engage.current_risk_model() TO engage_analyst, engage_identity, engage_admin, engage_operator;
GRANT EXECUTE ON FUNCTION engage.explain_risk(bigint), engage.caller_profile(bigint) TO engage_analyst, engage_identity;
GRANT EXECUTE ON FUNCTION engage.evaluate_risk(timestamptz), engage.shifts_at(timestamptz, interval, interval, integer), engage.escalations_at(timestamptz, interval),
	engage.managed_effect(bigint[], timestamptz, interval, interval), engage.caller_effect(bigint[], timestamptz, interval, interval),
	engage.managed_hours_saved(bigint[], timestamptz, interval, interval), engage.force_wide_change(timestamptz, timestamptz, timestamptz, interval)
	TO engage_analyst;
GRANT SELECT ON engage.marker, engage.marker_now, engage.caller_marker, engage.marker_kind, engage.risk TO engage_identity;
GRANT EXECUTE ON FUNCTION engage.mark_caller(bigint, text, text, engage.marker_basis, timestamptz, timestamptz), engage.end_marker(bigint, text) TO engage_identity;
GRANT SELECT ON engage.preset_marker_kind, engage.risk_measure, engage.risk_model, engage.risk_factor, engage.current_risk_factor,
	engage.preset_risk_factor, engage.demand_fit, engage.risk_state TO engage_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON engage.marker_kind, engage.harm_weight TO engage_admin;
GRANT EXECUTE ON FUNCTION engage.adopt_risk_factors(text), engage.adopt_risk_model(integer), engage.fit_risk(timestamptz),
	engage.set_risk_factor(text, numeric, boolean, text, engage.risk_axis, text, text[], double precision, interval, double precision, boolean, text, text)
	TO engage_admin;
GRANT SELECT ON engage.risk_model, engage.risk_factor, engage.risk_state, engage.demand_fit TO engage_operator;
GRANT EXECUTE ON FUNCTION engage.fit_risk(timestamptz) TO engage_operator;

-- Lists for dashboards: administrators keep them, analysts read them and see what is missing.
GRANT SELECT, INSERT, UPDATE, DELETE ON engage.district, engage.incident_code, engage.bank_holiday TO engage_admin;
GRANT SELECT ON engage.preset_bank_holiday TO engage_admin;
GRANT SELECT ON engage.district, engage.incident_code, engage.bank_holiday, engage.unlisted_value, engage.calendar, engage.feed, engage.daily_count,
	engage.hourly_count, engage.feed_count, engage.roster, engage.roster_month, engage.monthly_concentration, engage.today TO engage_analyst;
-- A list of problem rows identifies nobody: people who load, look after and analyse contacts see it.
GRANT SELECT ON engage.preset_contact_problem, engage.contact_problem, engage.data_quality, engage.label_problem
	TO engage_admin, engage_analyst, engage_identity, engage_loader, engage_operator;
GRANT EXECUTE ON FUNCTION engage_internal.contact_problems(), engage.first_plausible() TO engage_admin, engage_analyst, engage_identity, engage_loader, engage_operator;
GRANT EXECUTE ON FUNCTION engage.is_abandoned(boolean, boolean, boolean), engage_internal.answer_seconds(timestamptz, timestamptz) TO engage_bi, engage_analyst;
GRANT EXECUTE ON FUNCTION engage.date_key(date), engage.local_date(timestamptz, text) TO engage_analyst;
-- the trigger of contact uses its owner's rights; administrators carry out requests for erasure
GRANT EXECUTE ON FUNCTION engage.forget_caller_key(integer), engage.set_up_bi_login(name, name) TO engage_admin;

-- Dashboards read the views of one schema, and may run the functions that these call; they see nothing of the register.
GRANT USAGE ON SCHEMA engage_bi TO engage_bi, engage_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA engage_bi TO engage_bi, engage_analyst;
GRANT EXECUTE ON FUNCTION engage.date_key(date), engage.local_date(timestamptz, text), engage.num_contacts(engage.timeline),
	engage.num_contacts(engage.timeline, timestamptz, timestamptz), engage.slice(engage.timeline, timestamptz, timestamptz), engage.contact_times(engage.timeline), engage.first_at(engage.timeline), engage.rollup(engage.timeline),
	engage.threshold(engage.criterion), engage.library_version(), engage.current_caller(bigint), engage.first_counted() TO engage_bi, engage_analyst;
GRANT EXECUTE ON FUNCTION engage.first_counted() TO engage_identity;
-- and so may those who read the rules and flags that are in force
GRANT EXECUTE ON FUNCTION engage_internal.is_in_force(timestamptz, timestamptz, timestamptz),
	engage_internal.is_current_flag(timestamptz, timestamptz, timestamptz, interval) TO engage_admin, engage_analyst, engage_bi;
GRANT USAGE ON SCHEMA engage_bi_named TO engage_bi_named;
GRANT SELECT ON ALL TABLES IN SCHEMA engage_bi_named TO engage_bi_named;
GRANT EXECUTE ON FUNCTION engage.num_contacts(engage.timeline) TO engage_bi_named;

-- Published counts are for anybody; administrators decide when to publish, and read what is stored.
GRANT USAGE ON SCHEMA engage_bi_public TO engage_bi_public, engage_analyst, engage_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA engage_bi_public TO engage_bi_public, engage_analyst, engage_admin;
GRANT SELECT ON engage.publication, engage.published_count TO engage_analyst, engage_admin;
GRANT EXECUTE ON FUNCTION engage.publish_months(date[], boolean, interval) TO engage_admin;
