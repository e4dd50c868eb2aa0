-- The star schema of dashboards: its contract, and facts against contacts,
-- counted here by plain SQL, over both changes of the clocks.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET timezone = 'UTC';
SELECT setup(rules => 'kent_v2');
INSERT INTO district (district, label, csu) VALUES ('north', 'North', 'North CSU'), ('south', 'South', NULL);
INSERT INTO incident_code (code, label, category, demand_class, is_policing) VALUES
	('R1', 'Theft', 'Crime', 'policing', true), ('R2', 'Noise', 'Nuisance', 'non_policing', false), ('D1', 'Enquiry', NULL, NULL, NULL);

-- ten months of contacts, dense around the changes of 29 March and 25 October 2026; some have no caller, some do not count
INSERT INTO contact (source, source_ref, occurred_at, recorded_at, channel, direction, number_raw, district, opening_code, closing_code,
	answered_at, handling_seconds, disconnected, spoke_to_service, deployed, incident_ref)
SELECT CASE WHEN g % 3 = 0 THEN 'acd' ELSE 'storm' END, g::text, t.at, t.at + (g % 40) * interval '1 hour',
	(enum_range(NULL::contact_channel))[1 + g % 16], CASE WHEN g % 11 = 0 THEN 'outbound' ELSE 'inbound' END::contact_direction,
	CASE WHEN g % 7 <> 0 THEN '07700 900' || lpad((g * g % 120)::text, 3, '0') END,
	(ARRAY['north', 'south', 'on Mill Road', NULL])[1 + g % 4], (ARRAY['D1', NULL])[1 + g % 2], (ARRAY['R1', 'R2', 'R9', NULL, NULL])[1 + g % 5],
	CASE WHEN g % 5 > 0 THEN t.at + (g % 30) * interval '1 second' END, NULLIF(g % 900, 0), (ARRAY[true, false, NULL])[1 + g % 3],
	(ARRAY[true, NULL])[1 + g / 3 % 2], g % 6 = 0, CASE WHEN g % 9 = 0 THEN 'I' || g END
FROM generate_series(1, 3000) g, LATERAL (
	SELECT CASE g % 3 WHEN 0 THEN '2026-03-28 12:00+00'::timestamptz + g * interval '47 seconds'
		WHEN 1 THEN '2026-10-24 12:00+00'::timestamptz + g * interval '47 seconds' ELSE '2025-12-30 00:00+00'::timestamptz + g * interval '2 hours 30 minutes' END AS at
) t;
UPDATE contact SET duplicate_of = contact_id - 1 WHERE contact_id % 50 = 0;
UPDATE contact SET callback_of = contact_id - 1 WHERE contact_id % 53 = 0;
CALL refresh();
ANALYZE;
CREATE VIEW counted AS
SELECT c.*, occurred_at AT TIME ZONE 'Europe/London' AS local_at,
	CASE COALESCE(closing_code, opening_code) WHEN 'R1' THEN 1 WHEN 'R2' THEN 2 WHEN 'D1' THEN 3 ELSE -1 END AS type_key,
	CASE district WHEN 'north' THEN 1 WHEN 'south' THEN 2 ELSE -1 END AS place_key
FROM contact c WHERE direction = 'inbound' AND callback_of IS NULL AND duplicate_of IS NULL;
\set ECHO all

-- only types that every client can show
SELECT table_schema, table_name, column_name, data_type
FROM information_schema.columns
WHERE table_schema LIKE 'engage\_bi%' AND data_type NOT IN ('smallint', 'integer', 'bigint', 'double precision', 'boolean', 'text', 'date', 'timestamp without time zone');

-- every view and column says what it is
SELECT c.oid::regclass, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0
WHERE c.relnamespace::regnamespace::text LIKE 'engage\_bi%' AND NOT a.attisdropped AND COALESCE(col_description(c.oid, a.attnum), '') = ''
UNION ALL
SELECT c.oid::regclass, NULL FROM pg_class c WHERE c.relnamespace::regnamespace::text LIKE 'engage\_bi%' AND obj_description(c.oid, 'pg_class') IS NULL;

-- names are shared by keys alone, and keys are whole numbers that are there
SELECT column_name, count(*) FROM information_schema.columns
WHERE table_schema IN ('engage_bi', 'engage_bi_named') AND column_name NOT LIKE '%\_key' GROUP BY column_name HAVING count(*) > 1;
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'engage_bi' AND column_name LIKE '%\_key' AND data_type <> 'integer' ORDER BY 1;

-- every key of every view is one of its dimension, and those are unique
CREATE FUNCTION unresolved() RETURNS TABLE (fact text, key text, rows bigint) LANGUAGE plpgsql AS $$
DECLARE
	d record;
BEGIN
	FOR d IN
		SELECT f.table_name, f.column_name, k.table_name AS dimension
		FROM information_schema.columns f JOIN information_schema.columns k ON k.table_schema = 'engage_bi' AND k.column_name = f.column_name
			AND k.table_name = 'dim_' || CASE f.column_name WHEN 'date_key' THEN 'date' ELSE replace(f.column_name, '_key', '') END
		WHERE f.table_schema = 'engage_bi' AND f.table_name NOT LIKE 'dim\_%'
	LOOP
		fact := d.table_name;
		key := d.column_name;
		EXECUTE format('SELECT count(*) FROM engage_bi.%I f WHERE f.%I IS NULL OR NOT EXISTS (SELECT FROM engage_bi.%I k WHERE k.%2$I = f.%2$I)', d.table_name, d.column_name, d.dimension) INTO rows;
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT count(*) AS pairs, sum(rows) AS unresolved FROM unresolved();
SELECT (SELECT count(*) - count(DISTINCT date_key) FROM engage_bi.dim_date) AS dates, (SELECT count(*) - count(DISTINCT channel_key) FROM engage_bi.dim_channel) AS channels,
	(SELECT count(*) - count(DISTINCT caller_key) FROM engage_bi.dim_caller) AS callers, (SELECT count(*) - count(DISTINCT contact_key) FROM engage_bi.fact_contact) AS contacts;

-- dates go on without a gap; hours of the days of both changes
SELECT count(*) AS days, max(full_date) - min(full_date) + 1 AS span, min(full_date), count(*) FILTER (WHERE date_key <> to_char(full_date, 'YYYYMMDD')::int) AS wrong_keys
FROM engage_bi.dim_date WHERE full_date <= '2026-12-31';
SELECT full_date, hours_in_day, day_name, financial_year, financial_quarter, iso_week FROM engage_bi.dim_date WHERE full_date BETWEEN '2026-01-01' AND '2026-12-31' AND hours_in_day <> 24 ORDER BY 1;
SELECT full_date, bank_holiday_name FROM engage_bi.dim_date WHERE is_bank_holiday AND calendar_year = 2026 ORDER BY 1;

-- what the calendar stores is what PostgreSQL says of the day
SELECT count(*) AS wrong FROM engage_bi.dim_date
WHERE (calendar_year, quarter_number, month_number, month_name, month_start, iso_year, iso_week, week_start, day_of_week, day_name, financial_year, financial_quarter)
	IS DISTINCT FROM (to_char(full_date, 'YYYY')::int, to_char(full_date, 'Q')::int, to_char(full_date, 'MM')::int, to_char(full_date, 'FMMonth'),
		to_date(to_char(full_date, 'YYYYMM'), 'YYYYMM'), to_char(full_date, 'IYYY')::int, to_char(full_date, 'IW')::int, to_date(to_char(full_date, 'IYYYIW'), 'IYYYIW'),
		to_char(full_date, 'ID')::int, to_char(full_date, 'FMDay'), to_char(full_date - interval '3 months', 'YYYY/') || to_char(full_date + interval '9 months', 'YY'),
		to_char(full_date - interval '3 months', 'Q')::int)
	OR hours_in_day <> extract(epoch FROM (full_date + 1)::timestamp AT TIME ZONE 'Europe/London' - full_date::timestamp AT TIME ZONE 'Europe/London') / 3600;

-- what stands for a contact: its id, or where a caller is known what the caller's secret makes of it
CREATE VIEW keyed AS
SELECT c.*, COALESCE(hashint8extended(c.contact_id, k.secret), c.contact_id) AS own_key
FROM counted c LEFT JOIN persona p USING (persona_key) LEFT JOIN caller_pseudonym k ON k.caller_id = p.caller_id;

-- facts equal contacts, by every dimension at once: no row differs
(SELECT to_char(local_at, 'YYYYMMDD')::int, channel::text, type_key, place_key, count(*), count(answered_at),
		count(*) FILTER (WHERE answered_at < occurred_at + interval '10 seconds'),
		sum(CASE WHEN disconnected AND NOT COALESCE(spoke_to_service, false) AND NOT COALESCE(confirmed_safe, false) THEN 1
			WHEN NOT disconnected OR spoke_to_service OR confirmed_safe THEN 0 END),
		COALESCE(sum(handling_seconds), 0)::float8, COALESCE(sum(extract(epoch FROM answered_at - occurred_at)), 0)::float8, sum(deployed::int), count(incident_ref),
		count(*) FILTER (WHERE disconnected IS NOT NULL OR spoke_to_service OR confirmed_safe), count(deployed)
	FROM counted GROUP BY 1, 2, 3, 4)
EXCEPT ALL
SELECT date_key, channel_code, contact_type_key, district_key, daily_contact_count, daily_answered_count, daily_answered_within_10s_count, daily_abandoned_count,
	daily_handling_seconds, daily_answer_seconds, daily_deployed_count, daily_incident_count, daily_abandoned_known_count, daily_deployed_known_count
FROM engage_bi.fact_contact_daily JOIN engage_bi.dim_channel USING (channel_key);
(SELECT to_char(local_at, 'YYYYMMDD')::int, extract(hour FROM local_at)::int, channel::text, place_key, count(*), COALESCE(sum(handling_seconds), 0)::float8 FROM counted GROUP BY 1, 2, 3, 4)
EXCEPT ALL
SELECT date_key, time_key, channel_code, district_key, hourly_contact_count, hourly_handling_seconds FROM engage_bi.fact_contact_hourly JOIN engage_bi.dim_channel USING (channel_key);
(SELECT own_key, to_char(local_at, 'YYYYMMDD')::int, extract(hour FROM local_at)::int, channel::text, type_key, place_key, local_at::timestamp(0), occurred_at AT TIME ZONE 'UTC',
		handling_seconds, (extract(epoch FROM local_at - (occurred_at AT TIME ZONE 'UTC')) / 60)::int FROM keyed)
EXCEPT ALL
SELECT contact_key, date_key, time_key, channel_code, contact_type_key, district_key, contact_start_local, contact_start_utc, handling_seconds, utc_offset_minutes
FROM engage_bi.fact_contact JOIN engage_bi.dim_channel USING (channel_key);
SELECT (SELECT count(*) FROM counted) AS counted, (SELECT sum(contact_count) FROM engage_bi.fact_contact) AS contact, (SELECT sum(daily_contact_count) FROM engage_bi.fact_contact_daily) AS daily,
	(SELECT sum(hourly_contact_count) FROM engage_bi.fact_contact_hourly) AS hourly, (SELECT sum(feed_contact_count) FROM engage_bi.fact_feed_daily) AS feeds,
	(SELECT total_contact_count FROM engage_bi.meta_refresh) AS refresh;
-- no 01:00 on one day, twice as much of it on the other
SELECT full_date, time_key, sum(hourly_contact_count) AS contacts FROM engage_bi.fact_contact_hourly JOIN engage_bi.dim_date USING (date_key)
WHERE full_date IN ('2026-03-29', '2026-10-25') AND time_key BETWEEN 0 AND 2 GROUP BY 1, 2 ORDER BY 1, 2;

-- by caller: each contact is that of its persona's caller, and of nobody where there is none
SELECT count(*) AS wrong
FROM engage_bi.fact_contact f JOIN keyed c ON c.own_key = f.contact_key LEFT JOIN persona p ON p.persona_key = c.persona_key
LEFT JOIN caller_pseudonym k ON k.caller_id = p.caller_id
WHERE f.caller_key <> COALESCE(k.caller_key, -1);
SELECT (caller_key = -1) AS nobody, count(*) FROM engage_bi.fact_contact GROUP BY 1 ORDER BY 1;
SELECT sum(caller_contact_count) AS by_callers, (SELECT sum(contact_count) FROM engage_bi.fact_contact WHERE caller_key <> -1) AS by_contacts FROM engage_bi.dim_caller;

-- those who were ever on the roster, and every contact of theirs
(SELECT c.own_key, to_char(local_at, 'YYYYMMDD')::int, extract(hour FROM local_at)::int, channel::text, type_key, place_key, local_at::timestamp(0), handling_seconds, k.caller_key
	FROM keyed c JOIN persona p USING (persona_key) JOIN caller_pseudonym k USING (caller_id)
	WHERE p.caller_id IN (SELECT f.caller_id FROM flag f WHERE f.withdrawn_at IS NULL))
EXCEPT ALL
SELECT contact_key, date_key, time_key, channel_code, contact_type_key, district_key, caller_contact_start_local, repeat_handling_seconds, caller_key
FROM engage_bi.fact_caller_contact JOIN engage_bi.dim_channel USING (channel_key);
SELECT count(*) > 0 AS contacts, sum(repeat_contact_count) = (SELECT count(*) FROM counted JOIN persona p USING (persona_key) WHERE p.caller_id IN (SELECT caller_id FROM flag WHERE withdrawn_at IS NULL)) AS same
FROM engage_bi.fact_caller_contact;

-- filters reach an index: those of a part that is loaded, and of one caller
SET enable_seqscan = off;
CREATE FUNCTION scans(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
		IF line ~ 'contact_occurred_utc|contact_counted' THEN RETURN NEXT regexp_replace(line, '^.*(Index|Bitmap)', '\1'); END IF;
	END LOOP;
END
$$;
SELECT DISTINCT scans($$SELECT "_"."contact_key", "_"."date_key" FROM "engage_bi"."fact_contact" "_"
	WHERE "_"."contact_start_utc" >= timestamp '2026-03-29 00:00:00' AND "_"."contact_start_utc" < timestamp '2026-03-30 00:00:00'$$);
SELECT DISTINCT scans($$SELECT "_"."contact_key", "_"."date_key" FROM "engage_bi"."fact_contact" "_" WHERE "_"."caller_key" = 5$$);
SET from_collapse_limit = 16;
SET join_collapse_limit = 16;
SELECT DISTINCT scans($$SELECT f.contact_key, d.full_date FROM engage_bi.fact_caller_contact f JOIN engage_bi.dim_date d USING (date_key)
	LEFT JOIN engage_bi.dim_caller c USING (caller_key) WHERE c.caller_pseudonym = 'C-00000005'$$);
RESET from_collapse_limit;
RESET join_collapse_limit;
RESET enable_seqscan;

-- a login for dashboards reads one schema, and that is all
SELECT set_up_bi_login('regress_dashboard');
SELECT set_up_bi_login('regress_named_dashboard', 'engage_bi_named');
SELECT set_up_bi_login('regress_public_dashboard', 'engage_bi_public');
SELECT pg_temp.refused($$SELECT engage.set_up_bi_login('regress_dashboard', 'engage_admin')$$);
SELECT pg_temp.refused($$SELECT engage.set_up_bi_login('engage_owner')$$);
SELECT r.rolname, s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname LIKE 'regress%dashboard' ORDER BY 1;
SET SESSION AUTHORIZATION regress_dashboard;
SELECT (SELECT count(*) > 0 FROM engage_bi.fact_contact) AS contacts, (SELECT count(*) >= 0 FROM engage_bi.fact_caller_snapshot) AS snapshot;
SELECT count(*) FROM engage.contact;
SELECT count(*) FROM engage_bi_named.dim_caller_named;
SET SESSION AUTHORIZATION regress_named_dashboard;
SELECT count(*) >= 0 AS named FROM engage_bi_named.dim_caller_named;
SELECT count(*) FROM engage_bi.fact_contact;
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_dashboard, regress_named_dashboard, regress_public_dashboard;
DROP ROLE regress_dashboard, regress_named_dashboard, regress_public_dashboard;

\set ECHO none
SET client_min_messages = warning;
DROP VIEW keyed, counted;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
