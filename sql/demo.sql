-- The simulator: the same rows everywhere, everything in it that it promises,
-- and into engage.contact and out again.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never
CREATE EXTENSION engage_demo;

-- nothing for everybody
SELECT count(*) > 40 AS functions, count(*) FILTER (WHERE has_function_privilege('public', oid, 'EXECUTE')) AS open
FROM pg_proc WHERE pronamespace = 'engage_demo'::regnamespace;
SELECT count(*) AS open_tables FROM pg_class
WHERE relnamespace = 'engage_demo'::regnamespace AND has_table_privilege('public', oid, 'SELECT');

-- before there is a simulation
SELECT engage_demo.load();
SELECT engage_demo.unload();

-- arguments
SELECT engage_demo.simulate(people => 9);
SELECT engage_demo.simulate(days => 27);
SELECT engage_demo.simulate(start_on => '1995-12-31');
SELECT engage_demo.simulate(start_on => 'infinity');
SELECT engage_demo.simulate(size => 0);
SELECT engage_demo.simulate(size => 'NaN');
SELECT engage_demo.simulate(people => 100000, size => 101);
SELECT engage_demo.simulate(seed => NULL);
SELECT count(*) FROM engage_demo.simulation;

-- the pieces
SELECT i, engage_demo.drama_number(i), engage_demo.drama_number(i + 999) FROM generate_series(0, 17000, 1000) i;
SELECT engage_demo.drama_number(18000), engage_demo.drama_number(NULL);
SELECT count(DISTINCT engage_demo.drama_number(i)) FROM generate_series(0, 17999) i;
SELECT form, engage_demo.spell('+447700900123', form), engage.phone(engage_demo.spell('+447700900123', form)) FROM generate_series(0, 11) form;
SELECT count(*) AS wrong_times
FROM generate_series(timestamp '1996-01-01', '2037-12-31', '1 day') day, unnest(ARRAY[0, 3599, 7200, 43200, 86399]) s
WHERE to_timestamp(engage_demo.london(day::date, s)) <> (day + make_interval(secs => s)) AT TIME ZONE 'Europe/London';
SELECT i, engage_demo.draw(i, 1), engage_demo.pick(engage_demo.draw(i, 1), 0, 6) AS die FROM generate_series(0, 4) i;
-- uniform: chi-squared of 100 cells, 99 degrees of freedom, for each quarter of the bits
SELECT shift, round(sum((n - 1000) ^ 2 / 1000.0)) BETWEEN 60 AND 150 AS fits
FROM (SELECT shift, engage_demo.pick(engage_demo.draw(i, 5), shift, 100) AS cell, count(*) AS n
	FROM generate_series(1, 100000) i, unnest(ARRAY[0, 16, 32, 48]) shift GROUP BY 1, 2) cells
GROUP BY shift ORDER BY shift;

CREATE FUNCTION pg_temp.fingerprint(OUT persons text, OUT numbers text, OUT contacts text, OUT truth text) LANGUAGE sql AS $$
	SELECT (SELECT encode(sha256(convert_to(string_agg(p::text, E'\n' ORDER BY person_id), 'UTF8')), 'hex') FROM engage_demo.person p),
		(SELECT encode(sha256(convert_to(string_agg(n::text, E'\n' ORDER BY n::text COLLATE "C"), 'UTF8')), 'hex') FROM engage_demo.person_number n),
		(SELECT encode(sha256(convert_to(string_agg(c::text, E'\n' ORDER BY source_ref COLLATE "C"), 'UTF8')), 'hex') FROM engage_demo.contact c),
		(SELECT encode(sha256(convert_to(string_agg(t::text, E'\n' ORDER BY source_ref COLLATE "C"), 'UTF8')), 'hex') FROM engage_demo.contact_truth t)
$$;
\x
SELECT * FROM engage_demo.simulate();
SELECT * FROM pg_temp.fingerprint();
\x
CREATE TEMP TABLE first_run AS SELECT * FROM pg_temp.fingerprint();

-- the same again, whatever the session's settings; another seed gives others
SET timezone = 'Pacific/Chatham';
SET datestyle = 'SQL, DMY';
SET work_mem = '64kB';
SET enable_hashjoin = off;
SET extra_float_digits = 0;
SELECT persons, contacts FROM engage_demo.simulate();
RESET work_mem;
RESET enable_hashjoin;
RESET extra_float_digits;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT (SELECT f FROM first_run f)::text = f::text AS same FROM pg_temp.fingerprint() f;
SELECT persons FROM engage_demo.simulate(seed => 2);
SELECT a.persons = b.persons AS persons, a.numbers = b.numbers AS numbers, a.contacts = b.contacts AS contacts FROM pg_temp.fingerprint() a, first_run b;
SELECT contacts FROM engage_demo.simulate();

-- what there is
SELECT kind, count(*), count(parent_no) AS with_parent FROM engage_demo.contact_truth GROUP BY kind ORDER BY kind;
SELECT cli_status, count(*) FROM engage_demo.contact WHERE direction = 'inbound' GROUP BY cli_status ORDER BY cli_status;
SELECT channel, count(*) FROM engage_demo.contact GROUP BY channel ORDER BY channel;
SELECT direction, source, count(*) FROM engage_demo.contact GROUP BY direction, source ORDER BY direction, source;
SELECT batch, count(*) FROM engage_demo.contact GROUP BY batch ORDER BY batch;
SELECT tie, count(*) FROM engage_demo.person GROUP BY tie ORDER BY tie;
SELECT kind, count(*), count(DISTINCT number) AS numbers FROM engage_demo.person_number GROUP BY kind ORDER BY kind;
SELECT * FROM engage_demo.place ORDER BY number;
SELECT count(*) FILTER (WHERE contacts <= 3) * 100 / count(*) AS percent_with_1_to_3, max(contacts) AS most
FROM (SELECT person_id, count(*) AS contacts FROM engage_demo.contact_truth
	WHERE role = 'ordinary' AND kind NOT IN ('outbound', 'duplicate', 'callback') GROUP BY person_id) x;
SELECT count(*) FILTER (WHERE cli_status = 'withheld') * 1000 / count(*) BETWEEN 100 AND 150 AS withheld_share
FROM engage_demo.contact JOIN engage_demo.contact_truth USING (source, source_ref)
WHERE role = 'ordinary' AND channel IN ('999_voice', '101_voice', 'switchboard') AND direction = 'inbound';

-- nothing real: numbers, postcodes, addresses of mail, handsets
CREATE FUNCTION pg_temp.is_drama(number text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT number ~ '^[+]44(11[345678]4960|1[23456]14960|1914980|2079460|2890180|2896496|2920180|1632960|7700900)[0-9]{3}$'
$$;
SELECT (SELECT count(*) FROM engage_demo.person_number WHERE NOT pg_temp.is_drama(number)) AS of_persons,
	(SELECT count(*) FROM engage_demo.place WHERE NOT pg_temp.is_drama(number)) AS of_places,
	count(*) FILTER (WHERE NOT pg_temp.is_drama(engage.phone(number_raw))) AS in_contacts,
	count(*) FILTER (WHERE engage.phone(number_raw) <> true_number) AS wrong,
	count(*) FILTER (WHERE cli_status IN ('presented', 'payphone') AND engage.phone(number_raw) IS NULL) AS unreadable,
	count(*) FILTER (WHERE cli_status NOT IN ('presented', 'payphone') AND engage.phone(number_raw) IS NOT NULL) AS given_away
FROM engage_demo.contact JOIN engage_demo.contact_truth USING (source, source_ref);
SELECT cli_status, engage.phone_kind(number_raw) AS kind, count(*) FROM engage_demo.contact
WHERE cli_status NOT IN ('presented', 'payphone') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE postcode !~ '^ZZ[0-9]{1,2} [0-9][A-Z]{2}$') AS postcodes,
	count(*) FILTER (WHERE address !~ '^[0-9]{1,3} [A-Z][a-z]+ [A-Z][a-z]+$') AS addresses,
	count(*) FILTER (WHERE email !~ '^[a-z.]+[0-9]+@example[.]org$') AS emails,
	count(*) FILTER (WHERE date_of_birth > date '2026-02-02' - 3650 OR date_of_birth < '1930-01-01') AS births,
	count(DISTINCT email) = count(email) AS own_email
FROM engage_demo.person;
SELECT count(*) AS handsets, count(DISTINCT imei) AS different, count(*) FILTER (WHERE imei !~ '^00[0-9]{13}$') AS not_test_range,
	count(*) FILTER (WHERE luhn % 10 <> 0) AS wrong_check_digit
FROM (SELECT imei, (SELECT sum(CASE WHEN i % 2 = 1 THEN d ELSE d * 2 / 10 + d * 2 % 10 END)
		FROM (SELECT i, substr(imei, i, 1)::integer AS d FROM generate_series(1, 15) i) digit) AS luhn
	FROM (SELECT unnest(imei) AS imei FROM engage_demo.person) every) handset;

-- times: within the period; the truth about numbers holds at each of them
SELECT count(*) AS outside FROM engage_demo.contact
WHERE (occurred_at AT TIME ZONE 'Europe/London')::date NOT BETWEEN '2026-02-02' AND '2026-04-26' OR recorded_at < occurred_at
	OR ended_at < occurred_at OR answered_at < occurred_at OR recorded_at < ended_at;
SELECT count(*) AS not_theirs FROM engage_demo.contact_truth t
WHERE person_id IS NOT NULL AND true_number IS NOT NULL AND true_number NOT IN (SELECT number FROM engage_demo.place WHERE sharing = 'payphone')
	AND NOT EXISTS (SELECT FROM engage_demo.person_number n
		WHERE n.person_id = t.person_id AND n.number = t.true_number AND t.occurred_at >= n.valid_from AND t.occurred_at < n.valid_to);
SELECT count(*) AS two_owners FROM engage_demo.person_number a JOIN engage_demo.person_number b USING (number)
WHERE a.kind = 'personal' AND b.kind = 'personal' AND a.person_id < b.person_id AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to;
SELECT date_trunc('hour', occurred_at) AS hour_utc, count(*) > 0 AS contacts FROM engage_demo.contact
WHERE occurred_at >= '2026-03-29 00:00Z' AND occurred_at < '2026-03-29 02:00Z' GROUP BY 1 ORDER BY 1;
-- busy and quiet hours, working days and weekends
SELECT sum(n) FILTER (WHERE hour BETWEEN 15 AND 20) > 3 * sum(n) FILTER (WHERE hour BETWEEN 2 AND 7) AS by_hour,
	sum(n) FILTER (WHERE weekday = 6) > 1.2 * sum(n) FILTER (WHERE weekday = 1) AS by_weekday
FROM (SELECT extract(hour FROM at) AS hour, extract(isodow FROM at) AS weekday, count(*) AS n
	FROM (SELECT occurred_at AT TIME ZONE 'Europe/London' AS at FROM engage_demo.contact_truth WHERE role = 'ordinary') x GROUP BY 1, 2) x;

-- the cast: counted contacts, and the most in 24 hours, in 7 days and on one calendar day
SELECT role, count(*) AS persons, sum(contacts) AS contacts, max(in_24_hours) AS in_24_hours, max(in_7_days) AS in_7_days, max(on_a_day) AS on_a_day,
	sum(numbers) AS numbers
FROM (
	SELECT role, person_id, count(*) AS contacts, engage.peak(engage.timeline_agg(occurred_at), '1 day') AS in_24_hours,
		engage.peak(engage.timeline_agg(occurred_at), '7 days') AS in_7_days,
		(SELECT max(d.contacts) FROM engage.daily_counts(engage.timeline_agg(occurred_at), 'Europe/London') d) AS on_a_day,
		count(DISTINCT true_number) AS numbers
	FROM engage_demo.contact_truth t JOIN engage_demo.contact USING (source, source_ref, occurred_at)
	WHERE direction = 'inbound' AND kind NOT IN ('duplicate', 'callback') AND role <> 'ordinary'
	GROUP BY role, person_id) x
GROUP BY role ORDER BY min(person_id);
SELECT role, min(occurred_at), max(occurred_at) - min(occurred_at) AS span FROM engage_demo.contact_truth
WHERE role IN ('tenth_at_seven_days', 'tenth_before_seven_days', 'same_instant', 'fifth_at_24_hours') GROUP BY role ORDER BY role;
SELECT occurred_at AT TIME ZONE 'Europe/London' AS local, batch FROM engage_demo.contact_truth WHERE role IN ('around_midnight', 'clock_change') ORDER BY role, 1;
SELECT kind, batch, channel, direction, parent_no IS NOT NULL AS has_parent FROM engage_demo.contact_truth JOIN engage_demo.contact USING (source, source_ref, batch)
WHERE role = 'five_in_a_day' ORDER BY source_ref;
SELECT batch, count(*) FROM engage_demo.contact_truth WHERE role = 'late_crossing' GROUP BY batch ORDER BY batch;
SELECT bool_and(redial.occurred_at - abandoned.occurred_at BETWEEN '1 second' AND '60 seconds') AS within_60_seconds
FROM engage_demo.contact_truth redial JOIN engage_demo.contact_truth abandoned ON abandoned.event_no = redial.parent_no
WHERE redial.kind = 'redial' AND abandoned.kind = 'abandoned';
SELECT kind, disconnected, spoke_to_service, confirmed_safe, count(*) FROM engage_demo.contact JOIN engage_demo.contact_truth USING (source, source_ref)
WHERE kind IN ('abandoned', 'reassured') GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT count(DISTINCT person_id) > 30 AS users_of_the_phone_box FROM engage_demo.contact_truth
WHERE true_number = (SELECT number FROM engage_demo.place WHERE sharing = 'payphone');
SELECT tag, count(*) > 50 AS often FROM engage_demo.contact WHERE tag IS NOT NULL GROUP BY tag ORDER BY tag COLLATE "C";
SELECT count(*) FILTER (WHERE given_name <> p_given OR family_name <> p_family) * 1000 / count(*) BETWEEN 20 AND 100 AS typing_errors
FROM (SELECT c.given_name, c.family_name, p.given_name AS p_given, p.family_name AS p_family
	FROM engage_demo.contact c JOIN engage_demo.contact_truth t USING (source, source_ref) JOIN engage_demo.person p USING (person_id)
	WHERE c.given_name IS NOT NULL AND c.family_name IS NOT NULL) x;

-- into engage.contact, late ones later; pairs find each other
SELECT engage_demo.load('evening');
BEGIN;
SELECT engage_demo.load('main');
SELECT count(*), min(occurred_at), max(occurred_at) FROM engage.contact WHERE source LIKE 'demo%';
SELECT engage_demo.load('late');
SAVEPOINT loaded;
SELECT engage_demo.load();
ROLLBACK TO loaded;
SELECT engage_demo.load('late');
ROLLBACK TO loaded;
SELECT t.kind, count(*), count(c.duplicate_of) AS duplicate_of, count(c.callback_of) AS callback_of,
	count(*) FILTER (WHERE coalesce(c.duplicate_of, c.callback_of) = (SELECT p.contact_id FROM engage.contact p JOIN engage_demo.contact_truth pt USING (source, source_ref)
		WHERE pt.event_no = t.parent_no)) AS right_ones
FROM engage.contact c JOIN engage_demo.contact_truth t USING (source, source_ref)
WHERE t.kind IN ('duplicate', 'callback', 'outbound') GROUP BY t.kind ORDER BY t.kind;
SELECT count(*) FILTER (WHERE duplicate_of IS NOT NULL OR callback_of IS NOT NULL) AS others FROM engage.contact c
JOIN engage_demo.contact_truth t USING (source, source_ref) WHERE t.kind NOT IN ('duplicate', 'callback', 'outbound');
INSERT INTO engage.known_number (number, sharing, label) SELECT number, sharing, label FROM engage_demo.place;
SELECT engage_demo.unload();
SELECT engage_demo.load() = (SELECT count(*) FROM engage_demo.contact) AS both_batches;
ROLLBACK;

-- a force beyond the pool of numbers: they go round, and nobody's overlap
SELECT persons, numbers, contacts > 30000 AS many FROM engage_demo.simulate(people => 15000, days => 28);
SELECT count(*) AS two_owners FROM engage_demo.person_number a JOIN engage_demo.person_number b USING (number)
WHERE a.kind = 'personal' AND b.kind = 'personal' AND a.person_id < b.person_id AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to;
SELECT max(holders) AS holders FROM (SELECT count(*) AS holders FROM engage_demo.person_number WHERE kind = 'personal' GROUP BY number) x;
SELECT count(*) AS outside FROM engage_demo.contact
WHERE (occurred_at AT TIME ZONE 'Europe/London')::date NOT BETWEEN '2026-02-02' AND '2026-03-01';
-- 10 % of a big one, and one with two casts over the autumn's clock change
SELECT persons, numbers FROM engage_demo.simulate(people => 20000, days => 180, size => 0.1);
SELECT persons, numbers FROM engage_demo.simulate(people => 500, days => 28, start_on => '2026-10-12', size => 1.5);
SELECT role, count(*) AS persons FROM engage_demo.person WHERE role IN ('heavy_600', 'five_in_a_day', 'hostel_resident') GROUP BY role ORDER BY role;
SELECT date_trunc('hour', occurred_at) AS hour_utc, count(*) > 0 AS contacts FROM engage_demo.contact
WHERE occurred_at >= '2026-10-25 00:00Z' AND occurred_at < '2026-10-25 02:00Z' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS two_owners FROM engage_demo.person_number a JOIN engage_demo.person_number b USING (number)
WHERE a.kind = 'personal' AND b.kind = 'personal' AND a.person_id < b.person_id AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to;

DROP EXTENSION engage_demo;
SELECT count(*) AS schemas FROM pg_namespace WHERE nspname = 'engage_demo';
