/*
 * What is wrong with contacts, row by row, and with the lists that a force keeps.
 *
 * Nothing here changes what counts: a listed row counts as it did before.  No
 * view fails because of a row, or follows a ring for ever.
 */

CREATE TABLE engage.preset_contact_problem (
	problem text PRIMARY KEY,
	field text,
	label text NOT NULL,
	advice text NOT NULL
);
COMMENT ON TABLE engage.preset_contact_problem IS 'The problems that contact_problem looks for.';
COMMENT ON COLUMN engage.preset_contact_problem.field IS 'The column of contact with the problem; NULL if it differs by contact.';
COMMENT ON COLUMN engage.preset_contact_problem.label IS 'The problem in words.';
COMMENT ON COLUMN engage.preset_contact_problem.advice IS 'What to check at the source.';
INSERT INTO engage.preset_contact_problem (problem, field, label, advice) VALUES
	('out_of_bounds', NULL, 'Value out of bounds', 'The contact does not count. Correct the value; see the bounds in the reference of contact.'),
	('number_unreadable', 'number_raw', 'Number that cannot be read', 'Find what the source writes there. 7.7009E+11 comes from a spreadsheet: format the column as text and export again.'),
	('duplicate_of_nothing', 'duplicate_of', 'Duplicate of a contact that is not there', 'The contact does not count. Load the first record, or set duplicate_of to NULL.'),
	('duplicate_of_uncounted', 'duplicate_of', 'Duplicate of a contact that does not count itself', 'Point duplicate_of at the record that counts: the inbound one that is no duplicate and no call-back.'),
	('callback_of_nothing', 'callback_of', 'Call-back for a contact that is not there', 'The contact does not count. Load the contact that it calls back for, or set callback_of to NULL.'),
	('callback_of_uncounted', 'callback_of', 'Call-back for a contact that does not count itself', 'Point callback_of at the contact that counts, or set it to NULL.'),
	('in_a_ring', 'duplicate_of', 'Duplicates or call-backs of each other', 'None of them counts. Set duplicate_of and callback_of of the first record to NULL.'),
	('still_to_come', 'occurred_at', 'Time in the future', 'The contact counts from then on. Look at the clock, the date format and the time zone of the source.'),
	('time_of_zero', 'occurred_at', 'Time of zero', 'The source wrote 0, or nothing, as a time. Load it again with the true time.'),
	('long_before_others', 'occurred_at', 'Long before all other contacts', 'Look at the year, and at the date format of the source.'),
	('recorded_before', 'recorded_at', 'Recorded before it occurred', 'Look at the clocks and time zones of both systems, and which column was taken for which.'),
	('recorded_in_future', 'recorded_at', 'Recorded in the future', 'Look at the clock and the date format of the source.'),
	('answered_before', 'answered_at', 'Answered before it occurred', 'The time of answer counts as not known. Look which column was taken for which.'),
	('answered_late', 'answered_at', 'Answered more than a day later', 'The time of answer counts as not known. Load NULL where nobody answered.'),
	('ended_before', 'ended_at', 'Ended before it occurred or was answered', 'Look which column was taken for which.'),
	('handling_too_long', 'handling_seconds', 'Handled for over an hour longer than it lasted', 'Look whether the source gives minutes, milliseconds or a clock time.'),
	('location_half', 'latitude', 'Latitude without longitude, or a radius without either', 'Load both or neither.'),
	('location_of_zero', 'latitude', 'Latitude and longitude 0', 'The source wrote 0 for no location. Load NULL.'),
	('location_swapped', 'latitude', 'Latitude and longitude exchanged', 'Exchange the two columns.'),
	('born_later', 'date_of_birth', 'Born after the contact', 'Look at the century, and at the date format of the source.'),
	('born_too_long_ago', 'date_of_birth', 'Born more than 120 years before the contact', 'Look at the century. A date that stands for not known should be NULL.'),
	('birth_of_zero', 'date_of_birth', 'Date of birth that stands for not known', 'Load NULL.'),
	('channel_other', 'channel', 'Channel "other"', 'Give the source''s own word a channel.'),
	('district_spelt_otherwise', 'district', 'District spelt otherwise than in the list', 'It counts under the unknown district. Correct the spelling, or list it.'),
	('likely_duplicate', 'duplicate_of', 'Same number within a minute from another source', 'Probably two records of one call, which counts twice. Set duplicate_of of one of them.');

CREATE FUNCTION engage.first_plausible() RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT GREATEST('1970-01-03 00:00:00+00'::timestamptz, (
		SELECT min(d.last_at) - interval '5 years'
		FROM (SELECT f.last_at, sum(f.contacts) OVER (ORDER BY f.date_key) AS so_far, sum(f.contacts) OVER () AS in_all FROM engage.feed_count f) d
		WHERE d.so_far >= d.in_all / 20.0));
END;
COMMENT ON FUNCTION engage.first_plausible() IS
	'Contacts before this time are clock errors rather than history: five years before the day by which a twentieth of all contacts had come, and 3 January 1970 at the earliest. From the summaries that refresh keeps.';

CREATE FUNCTION engage_internal.column_problems(OUT contact_id bigint, OUT source text, OUT source_ref text, OUT problem text, OUT field text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	WITH checked AS (
		SELECT c.contact_id, c.source, c.source_ref, f.fault, CASE WHEN f.fault IS NULL THEN array_remove(ARRAY[
				CASE WHEN p.number IS NULL AND c.direction = 'inbound' AND engage_internal.presented_number(c.number_raw, c.cli_status) <> ''
					AND engage.phone_kind(c.number_raw, COALESCE(x.region, 'GB')) = 'malformed' THEN 'number_unreadable' END,
				CASE WHEN c.occurred_at > x.now THEN 'still_to_come'
					WHEN c.occurred_at < '1970-01-03 00:00:00+00' OR c.occurred_at IN ('1980-01-01 00:00:00+00', '1980-01-06 00:00:00+00',
						'2000-01-01 00:00:00+00', '2001-01-01 00:00:00+00') THEN 'time_of_zero'
					WHEN c.occurred_at < x.first_plausible THEN 'long_before_others' END,
				CASE WHEN c.recorded_at < c.occurred_at - interval '1 minute' AND c.occurred_at <= x.now THEN 'recorded_before'
					WHEN c.recorded_at > x.now + interval '1 minute' THEN 'recorded_in_future' END,
				CASE WHEN c.answered_at < c.occurred_at THEN 'answered_before'
					WHEN c.answered_at > c.occurred_at + interval '24 hours' THEN 'answered_late' END,
				CASE WHEN c.ended_at < c.occurred_at OR c.ended_at < c.answered_at AND c.answered_at <= c.occurred_at + interval '24 hours' THEN 'ended_before'
					WHEN c.handling_seconds > 3600 AND c.ended_at - c.occurred_at < (c.handling_seconds - 3600) * interval '1 second' THEN 'handling_too_long' END,
				CASE WHEN c.latitude IS NULL AND c.longitude IS NULL AND c.location_radius_m IS NULL THEN NULL
					WHEN c.latitude IS NULL OR c.longitude IS NULL THEN 'location_half'
					WHEN c.latitude = 0 AND c.longitude = 0 THEN 'location_of_zero'
					WHEN c.latitude BETWEEN -9 AND 3 AND c.longitude BETWEEN 49 AND 61 THEN 'location_swapped' END,
				CASE WHEN c.date_of_birth IS NULL THEN NULL
					WHEN c.date_of_birth IN ('0001-01-01', '1753-01-01', '1800-01-01', '1899-12-30', '1899-12-31', '1900-01-01', '1900-01-02', '1901-01-01')
						THEN 'birth_of_zero'
					WHEN c.date_of_birth > timezone('UTC', c.occurred_at)::date + 1 AND c.occurred_at >= x.first_plausible THEN 'born_later'
					WHEN c.date_of_birth < timezone('UTC', c.occurred_at)::date - 43830 THEN 'born_too_long_ago' END,
				CASE WHEN c.channel = 'other' THEN 'channel_other' END,
				CASE WHEN c.district IS NOT NULL AND d.district IS NULL
					AND lower(btrim(c.district)) IN (SELECT lower(btrim(o.district)) FROM engage.district o) THEN 'district_spelt_otherwise' END
			], NULL) ELSE ARRAY['out_of_bounds'] END AS problems
		FROM engage.contact c
		CROSS JOIN (SELECT engage.first_plausible() AS first_plausible, now() AS now, (SELECT o.region FROM engage.policy o) AS region OFFSET 0) x
		LEFT JOIN engage.persona p ON p.persona_key = c.persona_key
		LEFT JOIN engage.district d ON d.district = c.district
		CROSS JOIN LATERAL (SELECT engage_internal.contact_fault(c.occurred_at, c.recorded_at, c.answered_at, c.ended_at, c.date_of_birth, c.handling_seconds,
			c.latitude, c.longitude, c.location_radius_m, c.source, c.source_ref, c.number_raw, c.given_name, c.family_name, c.address, c.postcode,
			c.email, c.imei, c.nominal_ref) AS fault OFFSET 0) f
		OFFSET 0
	)
	SELECT c.contact_id, c.source, c.source_ref, u.problem, c.fault
	FROM checked c, LATERAL unnest(c.problems) u (problem) WHERE c.problems <> '{}';
END;
COMMENT ON FUNCTION engage_internal.column_problems() IS
	'Contacts whose own columns have a problem; field is set only if the problem does not name it. Part of contact_problems().';

CREATE FUNCTION engage_internal.reference_problems(OUT contact_id bigint, OUT source text, OUT source_ref text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	WITH RECURSIVE linked AS (
		-- contacts that do not count because of another contact
		SELECT c.contact_id, c.source, c.source_ref, COALESCE(c.duplicate_of, c.callback_of) AS of_id, c.duplicate_of IS NOT NULL AS is_duplicate
		FROM engage.contact c WHERE c.duplicate_of IS NOT NULL OR c.callback_of IS NOT NULL
	), pointed AS (
		SELECT l.contact_id, l.source, l.source_ref, l.is_duplicate, t.contact_id IS NULL AS is_gone,
			t.direction <> 'inbound' OR t.duplicate_of IS NOT NULL OR t.callback_of IS NOT NULL AS is_uncounted,
			COALESCE(t.duplicate_of, t.callback_of) AS next_id
		FROM linked l LEFT JOIN engage.contact t ON t.contact_id = l.of_id
	), walk AS (
		-- a longer ring is listed too, as duplicates of duplicates
		SELECT p.contact_id, p.next_id AS at, 1 AS steps FROM pointed p WHERE p.next_id IS NOT NULL
		UNION ALL
		SELECT w.contact_id, l.of_id, w.steps + 1 FROM walk w JOIN linked l ON l.contact_id = w.at
		WHERE w.at <> w.contact_id AND w.steps < 16
	), ring AS (
		SELECT DISTINCT w.contact_id FROM walk w WHERE w.at = w.contact_id
	)
	SELECT p.contact_id, p.source, p.source_ref, CASE
			WHEN p.is_gone AND p.is_duplicate THEN 'duplicate_of_nothing'
			WHEN p.is_gone THEN 'callback_of_nothing'
			WHEN r.contact_id IS NOT NULL THEN 'in_a_ring'
			WHEN p.is_duplicate THEN 'duplicate_of_uncounted'
			ELSE 'callback_of_uncounted'
		END
	FROM pointed p LEFT JOIN ring r ON r.contact_id = p.contact_id
	WHERE p.is_gone OR p.is_uncounted;
END;
COMMENT ON FUNCTION engage_internal.reference_problems() IS
	'Contacts that do not count because of another contact, where that one is missing, does not count itself, or leads back. Part of contact_problems().';

CREATE FUNCTION engage_internal.likely_duplicates(OUT contact_id bigint, OUT source text, OUT source_ref text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
	SELECT t.contact_id, t.source, t.source_ref, 'likely_duplicate'
	FROM (
		SELECT c.contact_id, c.source, c.source_ref, c.occurred_at, lag(c.source) OVER w AS source_before, lag(c.occurred_at) OVER w AS before_at
		FROM engage_internal.countable_contact c JOIN engage.persona p ON p.persona_key = c.persona_key
		WHERE p.number IS NOT NULL
			AND c.occurred_at >= engage.first_counted() AND c.occurred_at < '2200-01-01 00:00:00+00'
		WINDOW w AS (PARTITION BY p.number ORDER BY c.occurred_at, c.contact_id)
	) t
	WHERE t.source_before <> t.source AND t.occurred_at - t.before_at <= interval '1 minute';
END;
COMMENT ON FUNCTION engage_internal.likely_duplicates() IS
	'Contacts from a number that another system has within a minute before. Part of contact_problems().';

-- definer: people who look after a source see which of its rows are wrong, not their content
CREATE FUNCTION engage_internal.contact_problems(OUT contact_id bigint, OUT source text, OUT source_ref text, OUT problem text, OUT field text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10000
BEGIN ATOMIC
	SELECT c.contact_id, c.source, c.source_ref, c.problem, c.field FROM engage_internal.column_problems() c
	UNION ALL
	SELECT r.contact_id, r.source, r.source_ref, r.problem, NULL FROM engage_internal.reference_problems() r
	UNION ALL
	SELECT d.contact_id, d.source, d.source_ref, d.problem, NULL FROM engage_internal.likely_duplicates() d;
END;
COMMENT ON FUNCTION engage_internal.contact_problems() IS
	'Which contacts have which problem of preset_contact_problem; field is set only if the problem does not name it. Part of contact_problem.';

CREATE VIEW engage.contact_problem WITH (security_barrier) AS
SELECT f.contact_id, f.source, f.source_ref, f.problem, COALESCE(f.field, k.field) AS field, k.label, k.advice
FROM engage_internal.contact_problems() f JOIN engage.preset_contact_problem k ON k.problem = f.problem;
COMMENT ON VIEW engage.contact_problem IS
	'What is wrong with contacts: one row for each contact and problem, with the column that has it and what to check, and no content of the contact. Reads all contacts.';
COMMENT ON COLUMN engage.contact_problem.contact_id IS 'The contact that has the problem.';
COMMENT ON COLUMN engage.contact_problem.source IS 'The system that recorded it.';
COMMENT ON COLUMN engage.contact_problem.source_ref IS 'Its reference in that system.';
COMMENT ON COLUMN engage.contact_problem.problem IS 'A problem of preset_contact_problem.';
COMMENT ON COLUMN engage.contact_problem.field IS 'The column of contact with the problem.';
COMMENT ON COLUMN engage.contact_problem.label IS 'The problem in words.';
COMMENT ON COLUMN engage.contact_problem.advice IS 'What to check at the source.';

CREATE VIEW engage.data_quality WITH (security_barrier) AS
SELECT q.source, q.problem, k.field, k.label, q.contacts, q.contacts_28_days, q.last_at, k.advice
FROM (
	SELECT p.source, p.problem, count(*) AS contacts,
		count(*) FILTER (WHERE c.recorded_at > now() - interval '28 days') AS contacts_28_days, max(c.recorded_at) AS last_at
	FROM engage.contact_problem p JOIN engage.contact c ON c.contact_id = p.contact_id
	GROUP BY p.source, p.problem
) q
JOIN engage.preset_contact_problem k ON k.problem = q.problem;
COMMENT ON VIEW engage.data_quality IS 'How many contacts of each source have each problem. Reads all contacts.';
COMMENT ON COLUMN engage.data_quality.source IS 'The system that recorded them.';
COMMENT ON COLUMN engage.data_quality.problem IS 'A problem of preset_contact_problem.';
COMMENT ON COLUMN engage.data_quality.field IS 'The column of contact with the problem; NULL if it differs by contact.';
COMMENT ON COLUMN engage.data_quality.label IS 'The problem in words.';
COMMENT ON COLUMN engage.data_quality.contacts IS 'Contacts that have the problem.';
COMMENT ON COLUMN engage.data_quality.contacts_28_days IS 'Of these, contacts recorded within the last 28 days.';
COMMENT ON COLUMN engage.data_quality.last_at IS 'When the latest of them was recorded.';
COMMENT ON COLUMN engage.data_quality.advice IS 'What to check at the source.';

CREATE VIEW engage.label_problem WITH (security_barrier) AS
WITH labels AS (
	SELECT DISTINCT l.list, l.value, regexp_replace(lower(btrim(l.value)), '\s+', ' ', 'g') AS read_as
	FROM (
		SELECT 'district' AS list, d.district AS value FROM engage.district d
		UNION ALL SELECT 'district label', d.label FROM engage.district d
		UNION ALL SELECT 'csu', d.csu FROM engage.district d
		UNION ALL SELECT 'incident_code', i.code FROM engage.incident_code i
		UNION ALL SELECT 'incident_code label', i.label FROM engage.incident_code i
		UNION ALL SELECT 'incident_code category', i.category FROM engage.incident_code i
		UNION ALL SELECT 'source', f.source FROM engage.feed f
		UNION ALL SELECT 'rule', r.name FROM engage.rule r
		UNION ALL SELECT 'channel label', h.label FROM engage.channel h
	) l
	WHERE l.value IS NOT NULL
)
SELECT l.list, l.value, ARRAY(SELECT o.value FROM labels o WHERE o.list = l.list AND o.read_as = l.read_as AND o.value <> l.value ORDER BY o.value COLLATE "C") AS others
FROM labels l
WHERE EXISTS (SELECT FROM labels o WHERE o.list = l.list AND o.read_as = l.read_as AND o.value <> l.value);
COMMENT ON VIEW engage.label_problem IS
	'Districts, codes, sources, rules and labels that differ only by case or blanks: people, and many programs, treat them as the same.';
COMMENT ON COLUMN engage.label_problem.list IS 'The list that has the value.';
COMMENT ON COLUMN engage.label_problem.value IS 'The value as written there.';
COMMENT ON COLUMN engage.label_problem.others IS 'Values that differ from it only by case or blanks.';
