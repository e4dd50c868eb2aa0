-- What the cast does. Each function writes the script of some roles; times are
-- local, and an appearance of the cast starts on day cast_day of the period, so
-- that several do not all act at once.

CREATE FUNCTION engage_demo.cast_no(person_id integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (person_id - 1) / 61;
COMMENT ON FUNCTION engage_demo.cast_no(integer) IS 'The appearance of the cast (0 to 15) to which a person of the cast belongs.';

CREATE FUNCTION engage_demo.cast_day(person_id integer, days integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (14 + engage_demo.cast_no(person_id) * 5) % (days - 27);
COMMENT ON FUNCTION engage_demo.cast_day(integer, integer) IS
	'The first of the 28 days (counted from 0) in which this person of the cast does what happens once.';

CREATE FUNCTION engage_demo.any_second(bits bigint) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN engage_demo.pick(bits, 0, 1440) * 60 + engage_demo.pick(bits, 16, 60);
COMMENT ON FUNCTION engage_demo.any_second(bigint) IS 'Any second of a day.';

CREATE FUNCTION engage_demo.voice(bits bigint, emergencies integer) RETURNS engage.contact_channel
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN engage_demo.pick(bits, 32, 100) < emergencies THEN '999_voice'::engage.contact_channel ELSE '101_voice'::engage.contact_channel END;
COMMENT ON FUNCTION engage_demo.voice(bigint, integer) IS 'An emergency call in the given number of 100 cases, otherwise a 101 call.';

CREATE FUNCTION engage_demo.script_volume(start_on date, days integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- This many contacts on random days from one day until before another, with
	-- percentages of emergencies and withheld numbers. Households share their landline.
	INSERT INTO engage_demo.script (person_id, step, at, number, channel, cli_status, told, topic_no)
		SELECT p.person_id, run.first_step + i, engage_demo.london(due.day, due.second),
			CASE WHEN p.tie IS NOT NULL AND i % 2 = 1 THEN p.landline ELSE p.number END, engage_demo.voice(t, run.emergencies),
			CASE WHEN engage_demo.pick(t, 40, 100) < run.withheld THEN 'withheld'::engage.cli_status ELSE 'presented'::engage.cli_status END,
			run.told, run.topic_no
		FROM engage_demo.person p
			CROSS JOIN LATERAL (SELECT engage_demo.cast_day(p.person_id, days) AS b) base
			CROSS JOIN LATERAL (VALUES
				('heavy_600', 0, 600, b + 7, b + 14, 70, 0, NULL::integer, NULL::integer),
				('heavy_600', 600, (b + 7) * 5 / 2, 0, b + 7, 50, 0, NULL, NULL),
				('heavy_600', 10000, (days - b - 14) * 5 / 2, b + 14, days, 50, 0, NULL, NULL),
				('heavy_vulnerable', 0, 800, b, b + 28, 60, 10, NULL, NULL),
				('heavy_hoax', 0, 750, b, b + 21, 95, 5, NULL, NULL),
				('stopped', 0, days / 14 * 4, 0, days / 14 * 7, 10, 0, NULL, NULL),
				('repeat_victim_mixed', 100, 20, days / 2, days / 2 + 14, 40, 0, NULL, 16),
				('marked_abandoned', 10, 4, 0, days, 100, 0, NULL, NULL),
				('alarm_company', 0, days * 15, 0, days, 5, 0, 5, NULL),
				('old_subscriber', 0, 4, 0, days / 2, 10, 0, NULL, NULL),
				('new_subscriber', 0, 4, days / 2 + 1, days, 10, 0, NULL, NULL),
				('child', 0, 6, b + 6, b + 9, 80, 0, NULL, NULL),
				('twin', 0, 6 - p.person_id % 2, 0, days, 20, 0, NULL, NULL),
				('couple', 0, 4, 0, days, 20, 0, NULL, NULL)
			) run(role, first_step, contacts, from_day, to_day, emergencies, withheld, told, topic_no)
			CROSS JOIN LATERAL generate_series(0, run.contacts - 1) i
			CROSS JOIN LATERAL (SELECT engage_demo.draw(run.first_step + i, p.draw_key + 1) AS t OFFSET 0) drawn
			CROSS JOIN LATERAL (
				SELECT start_on + run.from_day + engage_demo.pick(t, 48, run.to_day - run.from_day) AS day, engage_demo.any_second(t) AS second
				OFFSET 0) due
		WHERE p.role <> 'ordinary' AND p.role = run.role;
END $$;
COMMENT ON FUNCTION engage_demo.script_volume(date, integer) IS
	'Script of those who make a number of contacts at random times within some days. Part of simulate().';

CREATE FUNCTION engage_demo.script_trends(start_on date, days integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	weeks integer := days / 7;
BEGIN
	INSERT INTO engage_demo.script (person_id, step, at, number, channel)
		SELECT p.person_id, week * 100 + i, engage_demo.london(due.day, due.second), p.number,
			engage_demo.voice(t, 20 + 60 * week / weeks)
		FROM engage_demo.person p
			CROSS JOIN generate_series(0, weeks - 1) week
			CROSS JOIN LATERAL generate_series(0, 19 * week * week / ((weeks - 1) * (weeks - 1))) i
			CROSS JOIN LATERAL (SELECT engage_demo.draw(week * 100 + i, p.draw_key + 1) AS t OFFSET 0) drawn
			CROSS JOIN LATERAL (SELECT start_on + week * 7 + engage_demo.pick(t, 48, 7) AS day, engage_demo.any_second(t) AS second OFFSET 0) due
		WHERE p.role = 'escalating';
	INSERT INTO engage_demo.script (person_id, step, at, number, kind, channel, cli_status)
		SELECT p.person_id, i, engage_demo.london(due.day, due.second),
			CASE WHEN i % 3 = 0 THEN p.number END, CASE WHEN i % 3 = 0 THEN 'call' ELSE 'digital' END,
			(ARRAY['101_voice', 'email', 'portal']::engage.contact_channel[])[1 + i % 3],
			CASE WHEN i % 3 = 0 THEN 'presented'::engage.cli_status END
		FROM engage_demo.person p
			CROSS JOIN generate_series(0, (days - 4) / 2) i
			CROSS JOIN LATERAL (SELECT engage_demo.draw(i, p.draw_key + 1) AS t OFFSET 0) drawn
			CROSS JOIN LATERAL (SELECT start_on + 3 + i * 2 AS day, 32400 + engage_demo.pick(t, 0, 28800) AS second OFFSET 0) due
		WHERE p.role = 'update_chaser';
	-- victims: the gaps get shorter
	INSERT INTO engage_demo.script (person_id, step, at, number, channel)
		SELECT p.person_id, i, engage_demo.london(due.day, due.second), p.number,
			engage_demo.voice(t, 80)
		FROM engage_demo.person p
			CROSS JOIN generate_series(0, CASE p.role WHEN 'repeat_victim' THEN 23 ELSE 13 END) i
			CROSS JOIN LATERAL (SELECT engage_demo.draw(i, p.draw_key + 1) AS t OFFSET 0) drawn
			CROSS JOIN LATERAL (SELECT start_on + days - 1 - (23 - i) * (23 - i) * (days - 1) / 529 AS day, engage_demo.any_second(t) AS second OFFSET 0) due
		WHERE p.role IN ('repeat_victim', 'repeat_victim_mixed');
	INSERT INTO engage_demo.script (person_id, step, at, number, channel)
		SELECT p.person_id, i, engage_demo.london(due.day, due.second), p.landline, engage_demo.voice(t, 30)
		FROM engage_demo.person p
			CROSS JOIN LATERAL generate_series(0, engage_demo.pick(engage_demo.draw(99, p.draw_key), 0, 6)) i
			CROSS JOIN LATERAL (SELECT engage_demo.draw(i, p.draw_key + 1) AS t OFFSET 0) drawn
			CROSS JOIN LATERAL (SELECT start_on + engage_demo.pick(t, 48, days) AS day, engage_demo.any_second(t) AS second OFFSET 0) due
		WHERE p.role = 'hostel_resident';
	INSERT INTO engage_demo.script (person_id, step, at, number, about, told, note)
		SELECT p.person_id, i, engage_demo.london(due.day, due.second), p.number, child.person_id, 5, 'about ' || child.given_name || ' ' || child.family_name
		FROM engage_demo.person p
			JOIN engage_demo.person child ON child.person_id = p.person_id - 1
			CROSS JOIN generate_series(0, 6) i
			CROSS JOIN LATERAL (SELECT start_on + engage_demo.cast_day(p.person_id, days) + 5 + i / 2 AS day, engage_demo.any_second(engage_demo.draw(i, p.draw_key + 1)) AS second OFFSET 0) due
		WHERE p.role = 'third_party';
END $$;
COMMENT ON FUNCTION engage_demo.script_trends(date, integer) IS
	'Script of those whose contacts change over time, of the hostel and of the third-party caller. Part of simulate().';

-- A SIM switcher of n numbers has the mobile numbers of the cast from
-- 3 + 4 + ... + (n - 1) on.
CREATE FUNCTION engage_demo.script_switchers(start_on date, days integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_demo.script (person_id, step, at, number, channel, told, note)
		SELECT person_id, i,
			engage_demo.london(start_on + CASE WHEN n = 8 THEN engage_demo.cast_day(person_id, days) + 3 + i * 3 / 4 ELSE i * (days - 1) / (n - 1) END,
				28800 + engage_demo.pick(engage_demo.draw(i, draw_key + 1), 0, 54000)),
			engage_demo.cast_mobile(cast_no, n * (n - 1) / 2 - 3 + i), '999_voice',
			CASE WHEN n = 8 THEN (i + 1) % 2 * 5 ELSE 8 + (i + 1) % 3 END,
			CASE WHEN n = 8 AND i % 2 = 1 THEN 'call handler recognised the voice' END
		FROM (
			SELECT person_id, draw_key, engage_demo.cast_no(person_id) AS cast_no,
				person_id - engage_demo.cast_no(person_id) * 61 - 4 AS n
			FROM engage_demo.person WHERE role = 'sim_switcher') who,
			LATERAL generate_series(0, n - 1) i;
	INSERT INTO engage_demo.person_number (number, person_id, kind, valid_from, valid_to)
		SELECT s.number, s.person_id, 'personal', to_timestamp(s.at - 86400), to_timestamp(s.at + 86400)
		FROM engage_demo.script s JOIN engage_demo.person p ON p.person_id = s.person_id
		WHERE p.role = 'sim_switcher';
END $$;
COMMENT ON FUNCTION engage_demo.script_switchers(date, integer) IS
	'Script and numbers of the SIM switchers: one emergency call per number. Part of simulate().';

CREATE FUNCTION engage_demo.script_thresholds(start_on date, days integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- day of the cast, local second of that day, and seconds elapsed from there
	INSERT INTO engage_demo.script (person_id, step, at, number, channel, batch)
		SELECT p.person_id, x.step - 1, engage_demo.london(start_on + engage_demo.cast_day(p.person_id, days) + plan.day, plan.second) + x.elapsed,
			p.number, CASE x.step % 2 WHEN 0 THEN '999_voice'::engage.contact_channel ELSE '101_voice'::engage.contact_channel END,
			CASE WHEN p.role = 'late_crossing' AND x.step IN (4, 7, 9) THEN 'late' ELSE 'main' END
		FROM engage_demo.person p
			JOIN (VALUES
				('five_in_a_day', 3, 32400, ARRAY[0, 5400, 15300, 31200, 43500]),
				('six_in_a_day', 4, 32400, ARRAY[0, 4000, 9300, 15300, 31200, 43500]),
				('ten_in_a_week', 2, 43200, ARRAY[0, 7200, 86400, 93600, 172800, 180000, 259200, 345600, 432000, 518400]),
				('around_midnight', 5, 83100, ARRAY[0, 1200, 2700, 3900, 5100, 6600]),
				('tenth_at_seven_days', 2, 43200, ARRAY[0, 7200, 86400, 93600, 172800, 180000, 259200, 345600, 432000, 604800]),
				('tenth_before_seven_days', 2, 43200, ARRAY[0, 7200, 86400, 93600, 172800, 180000, 259200, 345600, 432000, 604799]),
				('same_instant', 8, 50000, ARRAY[0, 0, 0, 0, 0]),
				('fifth_at_24_hours', 10, 36000, ARRAY[0, 10800, 32400, 54000, 86400]),
				('late_crossing', 9, 43200, ARRAY[0, 7200, 86400, 93600, 172800, 180000, 259200, 345600, 432000, 518400])
			) plan(role, day, second, elapsed) ON plan.role = p.role
			CROSS JOIN LATERAL unnest(plan.elapsed) WITH ORDINALITY x(elapsed, step);
	-- contacts that belong to the five but do not count
	INSERT INTO engage_demo.script (person_id, step, at, number, kind, channel, direction, told, parent_step)
		SELECT s.person_id, s.step + 10, s.at + extra.later, s.number, extra.kind, extra.channel, extra.direction, extra.told, s.step
		FROM engage_demo.script s
			JOIN engage_demo.person p ON p.person_id = s.person_id
			JOIN (VALUES
				(2, 95, 'duplicate', '999_voice'::engage.contact_channel, 'inbound'::engage.contact_direction, NULL),
				(3, 1200, 'outbound', '101_voice', 'outbound', 0)) extra(step, later, kind, channel, direction, told) ON extra.step = s.step
		WHERE p.role = 'five_in_a_day';
	INSERT INTO engage_demo.script (person_id, step, at, number)
		SELECT p.person_id, x.step, engage_demo.london(engage_demo.change_day(start_on, days), x.second), p.number
		FROM engage_demo.person p
			CROSS JOIN unnest(ARRAY[1200, 3000, 8100, 43200, 85200]) WITH ORDINALITY x(second, step)
		WHERE p.role = 'clock_change';
	INSERT INTO engage_demo.script (person_id, step, at, number, kind, channel, told)
		SELECT p.person_id, i, engage_demo.london(start_on + engage_demo.cast_day(p.person_id, days) + 2 + i * 7, 4000 + i * 40),
			p.number, 'abandoned', '999_voice', 0
		FROM engage_demo.person p CROSS JOIN generate_series(0, 2) i
		WHERE p.role = 'marked_abandoned';
END $$;
COMMENT ON FUNCTION engage_demo.script_thresholds(date, integer) IS
	'Script of those who are exactly at a threshold, just below or just above it. Part of simulate().';

CREATE FUNCTION engage_demo.change_day(start_on date, days integer) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN coalesce(
		(SELECT min(changed) FROM generate_series(extract(year FROM start_on)::integer, extract(year FROM start_on + days)::integer) y,
			unnest(ARRAY[engage_demo.clock_change(y, 3), engage_demo.clock_change(y, 10)]) changed
		WHERE changed >= start_on AND changed < start_on + days),
		start_on + days / 2);
COMMENT ON FUNCTION engage_demo.change_day(date, integer) IS
	'The first day of the period on which the clocks change; the middle day if there is none.';
