-- Loading a staging table of text: what goes in, what is set aside and why.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
-- a database as it is at first
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO, MDY';
SELECT setup();

-- channels: the force's own code first, then names and labels, then what is shipped
SELECT count(*) AS shipped, count(*) FILTER (WHERE channel_of(alias) = channel) AS found FROM preset_channel_alias;
SELECT count(*) AS channels, count(*) FILTER (WHERE channel_of(upper(channel::text)) = channel AND channel_of(' ' || label || ' ') = channel) AS found FROM preset_channel;
INSERT INTO channel_alias VALUES ('CRS-1', 'partner'), ('Online', 'portal');
SELECT channel_of('crs 1'), channel_of('ONLINE'), channel_of('telegraph'), channel_of(NULL);
SELECT pg_temp.refused($$INSERT INTO channel_alias VALUES ('crs_1', 'other')$$);
SELECT pg_temp.refused($$INSERT INTO channel_alias VALUES (' - ', 'other')$$);

-- a value of every kind
CREATE TABLE every_kind (ref text, at text, typ text, direction text, cli_status text, answered_at timestamptz, ended_at timestamp, date_of_birth date, handling_seconds text,
	deployed text, disconnected text, latitude text, longitude text, qualifiers text, ward text, operator text, row_number text, email text);
INSERT INTO every_kind VALUES
	('K1', '03/11/2025 10:00', '999', 'Inbound', 'Presented', '2025-11-03 10:00:10+00', '2025-11-03 10:05', '1980-02-01', '00:05:10', 'Yes', 'n', '51.5', '-0.12', 'DA; MH,ASB', 'North', 'op1', '17', ' a@example.org '),
	('K2', '03/07/2025 10:00:30', '101', NULL, '', NULL, '2025-07-03 10:05', NULL, '310', 'TRUE', '0', '', '', '', '', NULL, '18', ''),
	('K3', '2025-11-03T10:00:00+01:00', 'crs1', 'sideways', 'odd', NULL, NULL, NULL, '5 min', 'maybe', '2', '91', '1e3', NULL, NULL, NULL, 'x', NULL);
SELECT * FROM load_contacts('kinds', 'every_kind', '{"source_ref": "ref", "occurred_at": "at", "channel": "typ", "details": ["ward", "operator"], "line": "row_number", "subject": {"value": "imported"}}');
SELECT source_ref, occurred_at, channel, direction, cli_status, answered_at, ended_at, date_of_birth, handling_seconds, deployed, disconnected, latitude, longitude, qualifiers, subject, details, email FROM contact ORDER BY source_ref \gx
SELECT line, source_ref, column_name, reason, row_loaded FROM record_reject ORDER BY reject_id;
-- the same again, then corrected
SELECT * FROM load_contacts('kinds', 'every_kind', '{"source_ref": "ref", "occurred_at": "at", "channel": "typ", "details": ["ward", "operator"], "subject": {"value": "imported"}}');
UPDATE every_kind SET ward = 'South' WHERE ref = 'K1';
SELECT * FROM load_contacts('kinds', 'every_kind', '{"source_ref": "ref", "occurred_at": "at", "channel": "typ", "details": ["ward", "operator"], "subject": {"value": "imported"}}');
SELECT details FROM contact WHERE source_ref = 'K1';
DELETE FROM record_reject;

-- many lines, of which some do not go in, against what one statement over the same lines gives
CREATE TABLE many_lines AS
SELECT 'M' || i AS source_ref, CASE WHEN i % 100 = 99 THEN '32/01/2025 10:00' ELSE to_char('2025-01-01'::timestamp + i * interval '131 minutes', 'DD/MM/YYYY HH24:MI') END AS occurred_at, (ARRAY['999', '101', 'Email'])[1 + i % 3] AS channel,
	CASE WHEN i % 700 = 0 THEN '95' ELSE '51.5' END AS latitude, '07700 900' || lpad((i % 50)::text, 3, '0') AS number_raw
FROM generate_series(1, 3500) AS i;
SELECT * FROM load_contacts('many', 'many_lines');
SELECT count(*) AS lines, count(*) FILTER (WHERE c.contact_id IS NULL) AS missing, count(*) FILTER (WHERE c.occurred_at <> to_timestamp(m.occurred_at, 'DD/MM/YYYY HH24:MI') AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/London') AS other_times
FROM many_lines AS m LEFT JOIN contact AS c ON c.source = 'many' AND c.source_ref = m.source_ref WHERE m.source_ref NOT LIKE 'M%99';
SELECT column_name, reason, row_loaded, count(*) AS lines, min(line) AS first_line FROM record_reject GROUP BY 1, 2, 3 ORDER BY 1, 2;
DELETE FROM record_reject;

-- a constraint of the force's own is no reason to stop
ALTER TABLE contact ADD CONSTRAINT no_other CHECK (channel <> 'other') NOT VALID;
CREATE TABLE few_lines (source_ref text, occurred_at text, channel text);
INSERT INTO few_lines VALUES ('F1', '03/11/2025 10:00', 'letter'), ('F2', '03/11/2025 10:00', '101'), (repeat('F', 5000), '03/11/2025 10:00', '101'), ('F4', '01/01/0001 10:00', '101');
SELECT * FROM load_contacts('few', 'few_lines', first_line => 1);
SELECT line, left(source_ref, 10) AS source_ref, column_name, left(reason, 60) AS reason, row_loaded FROM record_reject ORDER BY reject_id;
ALTER TABLE contact DROP CONSTRAINT no_other;
SELECT * FROM load_contacts('nothing', 'few_lines', '{"channel": {"value": null}}');
TRUNCATE few_lines;
SELECT * FROM load_contacts('nothing', 'few_lines');
-- a view has no lines but those that it gives
CREATE VIEW some_lines AS SELECT 'V1' AS source_ref, '45964.5' AS occurred_at, '101' AS channel;
SELECT loaded FROM load_contacts('view', 'some_lines', format => 'EXCEL');
SELECT occurred_at FROM contact WHERE source_ref = 'V1';
SELECT loaded FROM load_contacts('apia', 'some_lines', format => 'EXCEL', zone => 'Pacific/Apia');
SELECT occurred_at FROM contact WHERE source = 'apia';

-- with the rights of who loads
CREATE ROLE load_loader LOGIN IN ROLE engage_loader;
SET SESSION AUTHORIZATION load_loader;
SELECT pg_temp.refused($$SELECT engage.load_contacts('x', 'few_lines')$$);
RESET SESSION AUTHORIZATION;
GRANT SELECT ON some_lines TO load_loader;
SET SESSION AUTHORIZATION load_loader;
SELECT loaded, unchanged FROM load_contacts('x', 'some_lines', format => 'EXCEL');
INSERT INTO record_reject (source, column_name, reason) VALUES ('mine', 'occurred_at', 'is empty');
DELETE FROM record_reject WHERE source = 'mine';
RESET SESSION AUTHORIZATION;
REVOKE SELECT ON some_lines FROM load_loader;
DROP ROLE load_loader;

-- refused
SELECT pg_temp.refused(statement)
FROM unnest(ARRAY[
	$$SELECT load_contacts('', 'few_lines')$$, $$SELECT load_contacts(NULL, 'few_lines')$$, $$SELECT load_contacts('x', NULL)$$, $$SELECT load_contacts('x', 'no_such_table')$$,
	$$SELECT load_contacts('x', 'few_lines', '{"channel": "kind"}')$$, $$SELECT load_contacts('x', 'few_lines', '{"details": ["kind"]}')$$, $$SELECT load_contacts('x', 'few_lines', '{"line": "kind"}')$$,
	$$SELECT load_contacts('x', 'few_lines', '{"persona_key": "channel"}')$$, $$SELECT load_contacts('x', 'few_lines', '{"duplicate_of": "channel"}')$$, $$SELECT load_contacts('x', 'every_kind')$$,
	$$SELECT load_contacts('x', 'few_lines', format => 'DD/MM')$$, $$SELECT load_contacts('x', 'few_lines', format => 'ISO | ')$$, $$SELECT load_contacts('x', 'few_lines', date_format => 'HH24')$$,
	$$SELECT load_contacts('x', 'few_lines', zone => 'London')$$]) WITH ORDINALITY AS t(statement, place) ORDER BY place;
-- columns with any name at all
CREATE TABLE "odd ""names" ("Ref'; DROP TABLE contact; --" text, "At ""it" text, "%s" text);
INSERT INTO "odd ""names" VALUES ('O''1', '03/11/2025 10:00', '999');
SELECT loaded FROM load_contacts('odd', '"odd ""names"', $${"source_ref": "Ref'; DROP TABLE contact; --", "occurred_at": "At \"it", "channel": "%s"}$$);
SELECT source_ref FROM contact WHERE source = 'odd';
SELECT type, count(*) = max(place) AS in_order FROM enum_value GROUP BY type HAVING count(*) <> max(place) OR min(place) <> 1;

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
