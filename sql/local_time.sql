-- Local dates and times: what is read, by which format, and what is refused.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO all
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- two instants in the hour that comes twice, none in the one that never does
SELECT written, local_instants(written, 'DD/MM/YYYY HH24:MI', 'Europe/London'), (read_local_time(written, 'DD/MM/YYYY HH24:MI', 'Europe/London')).*
FROM unnest('{03/11/2025 10:00, 3/7/2025 9:05, 26/10/2025 00:59, 26/10/2025 01:00, 26/10/2025 01:30, 26/10/2025 02:00, 29/03/2026 00:59, 29/03/2026 01:00, 29/03/2026 01:59, 29/03/2026 02:00}'::text[])
	WITH ORDINALITY AS t(written, place) ORDER BY place;

-- formats as people have them
SELECT format, written, local_instants(written, format, 'Europe/London')
FROM (VALUES
	('DD/MM/YYYY HH24:MI:SS', '03/11/2025 10:00:59'), ('DD/MM/YY HH24MI', '03/11/25 1005'), ('DD/MM/YY HH24:MI', '03/11/70 10:05'), ('dd/mm/yyyy hh24:mi', '03/11/2025 10:00'),
	('DD-MON-YYYY HH24:MI', '03-Nov-2025 10:00'), ('DD MONTH YYYY', '3 november 2025'), ('DD MON YYYY', '9 Sept 2025'), ('DY DD MON YYYY HH12:MI AM', 'Mon 3 Nov 2025 12:05 am'),
	('DAY, DD MONTH YYYY "at" HH12.MIPM', 'Monday, 3 November 2025 at 12.05p.m.'), ('YYYYMMDDHH24MISS', '20251103100005'), ('YYYYMMDD"T"HH24MI', '20251103T1000'),
	('YYYY-MM-DD"T"HH24:MI:SS', '2025-11-03T10:00:00'), ('YYYY-MM-DDTHH24:MI:SS.US', '2025-11-03t10:00:00.123456'), ('DD/MM/YYYY HH24:MI:SS.MS', '03/11/2025 10:00:00.5'),
	('DD/MM/YYYY HH24:MI TZ', '03/11/2025 10:00 +01:00'), ('DD/MM/YYYY HH24:MITZ', '03/11/2025 10:00Z'), ('DD/MM/YYYY', '29/02/2024'),
	('ISO', '2025-11-03'), ('ISO', '2025-07-03 10:00'), ('ISO', '2025-11-03T10:00:00.5Z'), ('ISO', '2025-11-03T10:00:00,25+0130'), ('ISO', ' 2025-11-03 10:00:00 -05 '), ('ISO', '2025-10-26T01:30:00+01:00'),
	('EXCEL', '45964'), ('EXCEL', '45964.4166666667'), ('EXCEL', '45964.999999999'), ('EXCEL', '61'), ('EXCEL', '2958465.5'), ('EPOCH', '1762164000'), ('EPOCH', '1762164000.250'), ('EPOCH', '0')) AS t(format, written);

-- texts that are no such date: nothing is guessed, nothing repeated
SELECT format, written, local_instants(written, format, 'Europe/London') AS instants, (read_local_time(written, format, 'Europe/London')).problem
FROM (VALUES
	('DD/MM/YYYY HH24:MI', ''), ('DD/MM/YYYY HH24:MI', '  '), ('DD/MM/YYYY HH24:MI', '31/11/2025 10:00'), ('DD/MM/YYYY HH24:MI', '29/02/2025 10:00'), ('DD/MM/YYYY HH24:MI', '00/11/2025 10:00'),
	('DD/MM/YYYY HH24:MI', '11/13/2025 10:00'), ('DD/MM/YYYY HH24:MI', '03/11/0000 10:00'), ('DD/MM/YYYY HH24:MI', '03/11/2025 24:00'), ('DD/MM/YYYY HH24:MI', '03/11/2025 10:60'),
	('DD/MM/YYYY HH24:MI', '03/11/2025'), ('DD/MM/YYYY HH24:MI', '03/11/2025 10:00:00'), ('DD/MM/YYYY HH24:MI', '03/11/2025 10:00 GMT'), ('DD/MM/YYYY HH24:MI', '03/11/25 10:00'),
	('DD/MM/YYYY HH24:MI', '03/11/20251 0:00'), ('DD/MM/YYYY HH24:MI', '03-11-2025 10:00'), ('DD/MM/YYYY HH24:MI', '3/11/2025 1:5'), ('DD/MM/YYYY HH24:MI', 'yesterday'), ('DD/MM/YYYY HH24:MI', 'infinity'),
	('DD/MM/YYYY HH24:MI', 'now'), ('DD/MM/YYYY HH24:MI', '2025-11-03 10:00'), ('DD/MM/YYYY HH24:MI', '003/11/2025 10:00'), ('DD/MM/YYYY HH24:MI', '-3/11/2025 10:00'), ('DD/MM/YYYY HH24:MI', '03/11/2025x10:00'),
	('DD/MM/YYYY HH24:MI:SS', '31/12/2016 23:59:60'), ('DY DD MON YYYY', 'Tue 3 Nov 2025'), ('DD MON YYYY', '3 Nove 2025'), ('DD MON YYYY', '3 Ma 2025'), ('DD/MM/YYYY HH12:MI AM', '03/11/2025 13:00 PM'), ('DD/MM/YYYY HH12:MI AM', '03/11/2025 00:00 AM'),
	('DD/MM/YYYY HH12:MI AM', '03/11/2025 10:00'), ('YYYYMMDDHH24MI', '2025113100005'), ('DD/MM/YYYY HH24:MI TZ', '03/11/2025 10:00 +16'), ('DD/MM/YYYY HH24:MI TZ', '03/11/2025 10:00 BST'),
	('ISO', '2025-11-3'), ('ISO', '2025-11-03T'), ('ISO', '2025-11-03T10'), ('ISO', '2025-11-03T10:00:00.'), ('ISO', '20251103T100000Z'), ('ISO', '2025-11-03T10:00:00+1'), ('ISO', '2025-02-30'),
	('EXCEL', '0'), ('EXCEL', '60'), ('EXCEL', '2958466'), ('EXCEL', '45964.'), ('EXCEL', '4.5964E+04'), ('EXCEL', '-1'), ('EXCEL', '99999999999999'), ('EPOCH', '253402300800'), ('EPOCH', '12:00')) AS t(format, written);

-- formats and zones that are none
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s\n    %s', format, pg_temp.refused(format('SELECT engage.local_instants(%L, %L, %L)', '03/11/2025', format, 'Europe/London')))
FROM unnest(ARRAY['', ' ', 'DD/MM/YYYY HH:MM', 'DD/MM/YYYY HH:MI', 'DD/MM/YYYY HH24:MI AM', 'DD/MM HH24:MI', 'HH24:MI', 'DD/MM/YYYY YY', 'DD/MM/YYYY 10', 'DD/MM/YYYY HH24:NN', 'ISO HH24', 'DD/MM/YYYY "at', repeat('DD', 100), 'DD/MM/YYYY' || repeat('-', 64)]) AS f(format);
SELECT pg_temp.refused(format('SELECT engage.read_local_time(%L, %L, %L)', '', 'ISO', zone)) FROM unnest('{London, BST, +01, Europe/Nowhere}'::text[]) AS z(zone);
SELECT pg_temp.refused($$SELECT engage.local_instants('x', '{}'::text[], 'Europe/London')$$);
SELECT pg_temp.refused($$SELECT engage.local_instants('x', '{ISO, NULL}'::text[], 'Europe/London')$$);
SELECT pg_temp.refused($$SELECT engage.read_date('x', '{ISO, DD/MM}'::text[])$$);
\pset tuples_only off
\pset format aligned

-- a list of formats, tried in order
SELECT written, (read_local_time(written, '{DD/MM/YYYY HH24:MI, DD/MM/YYYY, ISO, EXCEL}'::text[], 'Europe/London')).*
FROM unnest('{03/11/2025 10:00, 03/11/2025, 2025-11-03T10:00Z, 45964.5, 31/11/2025, 31/11/2025 10:00, x}'::text[]) WITH ORDINALITY AS t(written, place) ORDER BY place;
SELECT (read_date('01/02/1980', 'DD/MM/YYYY')).*, (read_date('01/02/1980 23:30', '{DD/MM/YYYY, DD/MM/YYYY HH24:MI}'::text[])).day AS of_a_time, (read_date('29366', 'EXCEL')).day AS of_a_sheet;
SELECT (read_date('30/02/1980', 'DD/MM/YYYY')).*, (read_date('26/10/1969', 'DD/MM/YYYY')).day AS before_1970;
SELECT local_instants(NULL, 'ISO', 'UTC') IS NULL AS text, local_instants('x', NULL::text, 'UTC') IS NULL AS format, local_instants('x', 'ISO', NULL) IS NULL AS zone, read_date(NULL, 'ISO') IS NULL AS day;

-- against the server's own clock: every quarter of an hour of some years in zones of all kinds
CREATE TABLE clock AS
SELECT z.zone, at, to_char(at AT TIME ZONE z.zone, 'DD/MM/YYYY HH24:MI') AS written
FROM (VALUES ('Europe/London', '2024-01-01'::timestamptz), ('Pacific/Apia', '2011-10-01'), ('Australia/Lord_Howe', '2025-01-01'), ('America/St_Johns', '2006-01-01'), ('UTC', '2025-01-01'), ('Pacific/Kwajalein', '1993-07-01'), ('Africa/Casablanca', '2025-01-01')) AS z(zone, from_at),
	generate_series(z.from_at, z.from_at + interval '400 days', interval '15 minutes') AS at;
SELECT zone, count(*) AS times, count(*) FILTER (WHERE at <> ALL (local_instants(written, 'DD/MM/YYYY HH24:MI', zone))) AS not_found FROM clock GROUP BY zone ORDER BY zone;
-- a day at either end may have its other reading outside
SELECT zone, count(*) FILTER (WHERE n = 2) > 0 AS some_twice, count(*) FILTER (WHERE local_instants(written, 'DD/MM/YYYY HH24:MI', zone) <> instants) AS different
FROM (SELECT zone, written, count(*) AS n, array_agg(at ORDER BY at) AS instants FROM clock GROUP BY zone, written) AS t GROUP BY zone ORDER BY zone;
-- and local times that no instant has
SELECT z.zone, count(*) AS left_out, min(local), max(local)
FROM (VALUES ('Europe/London', '2024-01-02'::timestamp), ('Pacific/Apia', '2011-10-03'), ('Australia/Lord_Howe', '2025-01-02'), ('America/St_Johns', '2006-01-02'), ('Pacific/Kwajalein', '1993-07-02')) AS z(zone, from_local),
	generate_series(z.from_local, z.from_local + interval '397 days', interval '15 minutes') AS local
WHERE local_instants(to_char(local, 'DD/MM/YYYY HH24:MI'), 'DD/MM/YYYY HH24:MI', z.zone) = '{}'
	AND (local AT TIME ZONE z.zone) AT TIME ZONE z.zone <> local
GROUP BY z.zone ORDER BY z.zone;
SELECT count(*) AS empty_but_there FROM clock WHERE local_instants(written, 'DD/MM/YYYY HH24:MI', zone) = '{}';
-- every day of 1900 to 2100 against to_char()
SELECT count(*) AS days, count(*) FILTER (WHERE (read_date(to_char(d, 'DD/MM/YYYY'), 'DD/MM/YYYY')).day IS DISTINCT FROM d::date
	OR (read_date(to_char(d, 'FMDay FMDD FMMonth YYYY'), 'DAY DD MONTH YYYY')).day IS DISTINCT FROM d::date) AS different
FROM generate_series('1900-01-01'::timestamp, '2100-12-31', '1 day') AS d;
SELECT count(*) AS no_days FROM generate_series(1, 31) AS d, generate_series(1, 12) AS m, generate_series(1999, 2004) AS y
WHERE (read_date(format('%s/%s/%s', d, m, y), 'DD/MM/YYYY')).day IS NULL;
DROP TABLE clock;
