-- Markers: what people know of a caller.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- before anything is there
SELECT pg_temp.refused($$SELECT engage.mark_caller(1, 'hoax', 'case 1')$$);
SELECT * FROM markers_at(now());
SELECT setup();
SELECT marker, label, nature, is_sensitive FROM marker_kind ORDER BY marker;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'acd', format('%s/%s', p, n), now() - n * interval '30 hours', '101_voice', format('07700 90000%s', p) FROM generate_series(1, 4) p, generate_series(1, 3) n;
CALL refresh();
CREATE FUNCTION who(p integer) RETURNS bigint LANGUAGE sql RETURN (SELECT x.caller_id FROM engage.persona x WHERE x.number = '+44770090000' || p);
-- the callers as the last digits of their numbers
CREATE FUNCTION digits(caller bigint) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(right(x.number, 1), '' ORDER BY x.number) FROM engage.persona x WHERE x.caller_id = caller);

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refused(statement)
FROM (VALUES ($$SELECT engage.mark_caller(99, 'hoax', 'case 1')$$), ($$SELECT engage.mark_caller(NULL, 'hoax', 'case 1')$$), ($$SELECT engage.mark_caller(who(1), 'nice', 'case 1')$$), ($$SELECT engage.mark_caller(who(1), NULL, 'case 1')$$),
	($$SELECT engage.mark_caller(who(1), 'hoax', ' ')$$), ($$SELECT engage.mark_caller(who(1), 'hoax', NULL)$$), ($$SELECT engage.mark_caller(who(1), 'hoax', 'case 1', basis => NULL)$$), ($$SELECT engage.mark_caller(who(1), 'hoax', 'case 1', valid_from => '2026-01-02', valid_to => '2026-01-02')$$),
	($$SELECT engage.mark_caller(who(1), 'hoax', 'case 1', valid_from => NULL)$$), ($$SELECT engage.mark_caller(who(1), 'hoax', 'case 1', 'rumour')$$), ($$SELECT engage.end_marker(1, 'wrong')$$), ($$SELECT engage.end_marker(NULL, 'wrong')$$), ($$SELECT engage.end_marker(1, ' ')$$), ($$SELECT engage.end_marker(1, NULL)$$),
	($$INSERT INTO engage.marker_kind VALUES ('Not So', 'x', NULL, false)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
SELECT count(*) AS markers FROM marker;

-- facts and assessments, from when and until when
SELECT mark_caller(who(1), 'repeat_victim', 'crime 1', 'fact'), mark_caller(who(1), 'mental_health', 'case 1'), mark_caller(who(2), 'hoax', 'case 2', valid_to => now() + interval '1 year'),
	mark_caller(who(2), 'violence', 'case 2', valid_from => now() + interval '1 day'), mark_caller(who(3), 'child', 'school', 'fact', '2020-01-01', '2021-01-01');
SELECT digits(caller_id) AS caller, marker, nature, is_sensitive, basis, source, recorded_by = session_user AS by_me FROM marker_now ORDER BY marker_id;
SELECT digits(caller_id) AS caller, marker, nature, basis, source FROM caller_marker ORDER BY marker_id;
SELECT digits(caller_id) AS caller, nature, basis FROM caller_nature ORDER BY 1, 2;
-- at instants: the ends of a time are in it, and are not
SELECT at.what, string_agg(digits(m.caller_id) || ' ' || m.marker, ', ' ORDER BY m.marker_id) AS markers
FROM (VALUES (1, 'before', timestamptz '2019-12-31 23:59:59.999999'), (2, 'first', '2020-01-01'), (3, 'last', '2020-12-31 23:59:59.999999'), (4, 'after', '2021-01-01'), (5, 'now', now()), (6, 'tomorrow', now() + interval '1 day'), (7, 'in two years', now() + interval '2 years')) at(no, what, at)
LEFT JOIN LATERAL markers_at(at.at) m ON true GROUP BY at.no, at.what ORDER BY at.no;

-- ended, with a reason, and kept; not twice
SELECT end_marker(marker_id, 'Another of that name') FROM marker WHERE marker = 'mental_health';
SELECT marker, ended_by = session_user AS by_me, ended_reason, ended_at <= now() AS ended FROM marker WHERE ended_at IS NOT NULL;
SELECT pg_temp.refused($$SELECT engage.end_marker(2, 'again')$$);
SELECT pg_temp.refused($$UPDATE engage.marker SET ended_at = now() WHERE marker_id = 1$$) LIKE '23514: %' AS ends_whole;
SELECT digits(caller_id) AS caller, marker FROM marker_now ORDER BY marker_id;
-- what held then held
SELECT a.marker FROM marker m JOIN LATERAL markers_at(m.recorded_at) a ON a.marker_id = m.marker_id WHERE m.marker = 'mental_health';

-- no score is made of them where there are no risk factors, and nothing is queued
SELECT count(*) AS queued FROM dirty;
SELECT count(*) AS scored FROM caller_risk;

-- two callers are one: the marker goes with whoever they are now, and a new one by the old number
SELECT confirm_link('07700 900001', '07700 900004', 'She said so') > 0 AS linked;
CREATE TABLE old AS SELECT who(1) AS one, who(4) AS four;
CALL refresh();
SELECT digits(caller_id) AS caller, marker FROM marker_now ORDER BY marker_id;
SELECT mark_caller(one, 'vulnerable', 'visit 1'), mark_caller(four, 'weapons', 'visit 1', 'fact') FROM old;
SELECT digits(caller_id) AS caller, marker FROM marker_now ORDER BY marker_id;
SELECT count(DISTINCT caller_id) = 1 AS one_caller FROM marker WHERE marker IN ('vulnerable', 'weapons');
-- and stays with who it was set on, when they are two again
SELECT revoke_decision(decision_id, 'She did not') FROM link_decision;
CALL refresh();
SELECT who(1) <> who(4) AS two, (SELECT count(*) FROM marker_now WHERE marker = 'repeat_victim' AND caller_id IN (who(1), who(4))) AS marked;
DROP TABLE old;

-- who sees what: sensitive ones are for those who see who is behind the number
CREATE ROLE regress_analyst LOGIN IN ROLE engage_analyst;
CREATE ROLE regress_identity LOGIN IN ROLE engage_identity;
CREATE ROLE regress_bi LOGIN IN ROLE engage_bi;
SELECT mark_caller(who(2), 'self_harm', 'case 9') > 0 AS marked;
SET SESSION AUTHORIZATION regress_analyst;
SELECT marker FROM engage.caller_marker ORDER BY marker_id;
SELECT marker FROM engage.marker_now;
SELECT marker FROM engage.marker;
SELECT engage.mark_caller(1, 'hoax', 'mine');
SET SESSION AUTHORIZATION regress_bi;
SELECT marker FROM engage.caller_marker;
SET SESSION AUTHORIZATION regress_identity;
SELECT marker, is_sensitive FROM engage.marker_now ORDER BY marker_id;
SELECT engage.mark_caller(caller_id, 'abusive', 'case 3') > 0 AS marked FROM engage.marker WHERE marker = 'hoax';
SELECT marker, recorded_by FROM engage.marker ORDER BY marker_id DESC LIMIT 1;
SELECT engage.end_marker(marker_id, 'Apologised') FROM engage.marker WHERE marker = 'abusive';
UPDATE engage.marker SET source = 'other';
DELETE FROM engage.marker;
RESET SESSION AUTHORIZATION;
SELECT marker, ended_by, ended_reason FROM marker WHERE marker = 'abusive';
DROP ROLE regress_analyst, regress_identity, regress_bi;
SELECT * FROM verify();

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
