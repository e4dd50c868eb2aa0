-- Summaries as contacts come, change and go: by day, by caller on the roster,
-- and the keys that stand for callers.  What is right was worked out by hand.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET timezone = 'UTC';
SELECT setup(rules => 'kent_v1');
UPDATE policy SET flag_current_for = '10 days';
INSERT INTO district (district, label) VALUES ('north', 'North');
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, district)
SELECT 'acd', p.who || g, p.first_at + g * interval '1 hour', '999_voice', p.who, 'north'
FROM (VALUES ('07700 900101', timestamptz '2026-03-10 09:00+00', 5),
		('07700 900102', '2026-03-28 20:00+00', 5), ('07700 900103', '2026-03-12 12:00+00', 2)) p (who, first_at, n),
	LATERAL generate_series(0, p.n - 1) g;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, district)
SELECT 'acd', 'again' || g, '2026-05-20 09:00+00'::timestamptz + g * interval '1 hour', '999_voice', '07700 900101', 'north' FROM generate_series(0, 5) g;
CALL refresh();
CREATE VIEW daily AS SELECT date_key, district_key, sum(contacts) AS contacts FROM daily_count GROUP BY 1, 2 ORDER BY 1, 2;
CREATE VIEW spells AS
SELECT p.number, r.spell_no, r.first_day, r.last_day, r.district_key FROM roster r JOIN persona p USING (caller_id) ORDER BY 1, 2;
\set ECHO all

SELECT * FROM daily;
-- met on the fifth contact; current for ten days after the last, so ten ends of days
SELECT * FROM spells;
SELECT p.number, m.month_start, m.contacts, m.is_new, m.is_returned, m.is_dropped FROM roster_month m JOIN persona p USING (caller_id) ORDER BY 1, 2;
SELECT d.full_date, p.number, s.roster_status, s.contacts_7d, s.contacts_28d
FROM engage_bi.fact_caller_snapshot s JOIN engage_bi.dim_date d USING (date_key) JOIN caller_pseudonym USING (caller_key) JOIN persona p USING (caller_id)
WHERE d.full_date IN ('2026-03-09', '2026-03-10', '2026-03-11', '2026-03-19', '2026-03-20', '2026-03-21', '2026-05-20') ORDER BY 1, 2;
-- how many, day by day, are those who are listed
CREATE VIEW roster_differs AS
SELECT * FROM (SELECT date_key, rule_key, district_key, sum(snapshot_on_roster_count) AS callers, sum(snapshot_new_count) AS new, sum(snapshot_returned_count) AS returned,
		sum(snapshot_dropped_count) AS dropped FROM engage_bi.fact_caller_snapshot GROUP BY 1, 2, 3) s
FULL JOIN (SELECT * FROM engage_bi.fact_roster_daily WHERE roster_caller_count + roster_new_count + roster_returned_count + roster_dropped_count > 0) d USING (date_key, rule_key, district_key)
WHERE (callers, new, returned, dropped) IS DISTINCT FROM (roster_caller_count, roster_new_count, roster_returned_count, roster_dropped_count);
SELECT * FROM roster_differs;
SELECT min(date_key), count(*) = max(date_key::text::date) - min(date_key::text::date) + 1 AS without_gap, max(roster_caller_count) AS most FROM engage_bi.fact_roster_daily;
SELECT date_key, monthly_repeat_caller_count, monthly_repeat_contact_count, monthly_new_caller_count, monthly_returned_caller_count, monthly_dropped_caller_count
FROM engage_bi.fact_repeat_caller_monthly ORDER BY 1;

-- a contact that moves to another day takes its count along; one that goes, too
UPDATE contact SET occurred_at = '2026-03-13 23:30+00' WHERE source_ref = '07700 9001031';
DELETE FROM contact WHERE source_ref = '07700 9001030';
SELECT subject, count(*) FROM dirty GROUP BY 1 ORDER BY 1;
CALL refresh();
SELECT * FROM daily WHERE date_key BETWEEN 20260311 AND 20260315;

-- a contact that nobody can be told from counts, late or not
INSERT INTO contact (source, source_ref, occurred_at, channel, cli_status) VALUES ('red box', '1', '2026-03-29 00:30+00', '101_voice', 'withheld');
-- half an hour before midnight in UTC is the next day in summer time
INSERT INTO contact (source, source_ref, occurred_at, channel) VALUES ('red box', '2', '2026-06-01 23:30+00', '101_voice');
CALL refresh();
SELECT date_key, time_key, sum(contacts) FROM hourly_count WHERE date_key IN (20260329, 20260602) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT feed.source, date_key, contacts, without_details, without_district FROM feed_count JOIN feed USING (feed_key) WHERE source = 'red box' ORDER BY 2;

-- days nobody can show are refused; where a table has them, they are in no summary, and stop nothing
INSERT INTO contact (source, source_ref, occurred_at, channel) VALUES ('red box', '3', '4000-01-01', '101_voice');
ALTER TABLE contact DROP CONSTRAINT contact_within_bounds;
INSERT INTO contact (source, source_ref, occurred_at, channel) VALUES ('red box', '3', '4000-01-01', '101_voice'), ('red box', '4', '1066-10-14', '101_voice');
CALL refresh();
SELECT count(*) FROM dirty;
SELECT sum(contacts) FROM daily_count;
DELETE FROM contact WHERE source = 'red box';

-- a district that is no longer listed, and one that is now
UPDATE district SET district = 'north east';
CALL refresh();
SELECT DISTINCT district_key FROM daily;
SELECT * FROM spells;
SELECT * FROM roster_differs;
SELECT field, value, contacts FROM unlisted_value;
UPDATE district SET district = 'north';
CALL refresh();
SELECT DISTINCT district_key FROM daily;

-- flags that stay current for longer: both spells of the first caller become one
UPDATE policy SET flag_current_for = '80 days';
CALL refresh();
SELECT * FROM spells;
UPDATE policy SET flag_current_for = '10 days';

-- another zone: other days, and the hours of its clocks
UPDATE policy SET zone = 'Asia/Kathmandu';
CALL refresh();
SELECT date_key, time_key, sum(contacts) FROM hourly_count WHERE date_key BETWEEN 20260328 AND 20260329 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM engage.verify();
UPDATE policy SET zone = 'Europe/London';
CALL refresh();

-- keys: one for each caller, drawn by lot; one that is erased leads to nobody, and the facts follow
SELECT count(*) AS callers, count(DISTINCT caller_key) AS keys FROM caller JOIN caller_pseudonym USING (caller_id) WHERE contacts > 0;
SELECT caller_key AS old_key FROM caller_pseudonym JOIN persona USING (caller_id) WHERE number = '+447700900102' \gset
SELECT count(*) FROM engage_bi.fact_contact WHERE caller_key = :old_key;
SELECT forget_caller_key(:old_key), forget_caller_key(-1);
SELECT count(*) FROM engage_bi.fact_contact WHERE caller_key = :old_key;
SELECT count(*) FROM engage_bi.fact_contact f JOIN caller_pseudonym USING (caller_key) JOIN persona USING (caller_id) WHERE number = '+447700900102';

-- refresh equals rebuild, and verify finds what is wrong
CREATE TABLE before AS SELECT 'd' AS of, d::text AS line FROM daily_count d UNION ALL SELECT 'h', h::text FROM hourly_count h UNION ALL SELECT 'f', f::text FROM feed_count f
	UNION ALL SELECT 'r', r::text FROM roster r UNION ALL SELECT 'm', m::text FROM roster_month m UNION ALL SELECT 'c', c::text FROM calendar c;
CALL rebuild();
SELECT count(*) AS lines FROM before;
(SELECT * FROM before EXCEPT ALL (SELECT 'd', d::text FROM daily_count d UNION ALL SELECT 'h', h::text FROM hourly_count h UNION ALL SELECT 'f', f::text FROM feed_count f
	UNION ALL SELECT 'r', r::text FROM roster r UNION ALL SELECT 'm', m::text FROM roster_month m UNION ALL SELECT 'c', c::text FROM calendar c));
SELECT * FROM verify();
UPDATE daily_count SET contacts = contacts + 1 WHERE date_key = 20260310;
DELETE FROM hourly_count WHERE date_key = 20260313;
UPDATE roster SET last_day = last_day + 1 WHERE spell_no = 2;
DELETE FROM caller_pseudonym;
SELECT subject, CASE WHEN subject = 'day' THEN key END AS key, problem, count(*) FROM verify() GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
TRUNCATE contact;
CALL refresh();
SELECT (SELECT count(*) FROM daily_count) + (SELECT count(*) FROM hourly_count) + (SELECT count(*) FROM feed_count) + (SELECT count(*) FROM roster) + (SELECT count(*) FROM roster_month) AS left_over;

\set ECHO none
SET client_min_messages = warning;
DROP VIEW daily, spells, roster_differs;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
