-- The people. The cast comes first, 61 people and up to 34 households each time
-- it appears; ordinary people follow in blocks of ten: six who live alone
-- and two pairs. A block takes 13 drama numbers: one each, a landline for each
-- pair, and a spare for the first, who may change numbers.
--
-- There are 18,000 numbers. The first blocks have theirs for the whole period
-- if that is enough; otherwise it is cut into parts of at least a fortnight, at
-- days that differ from number to number, and the numbers go to other people in
-- each part; blocks beyond that have no number.

CREATE FUNCTION engage_demo.cast_number(cast_no integer, line integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN engage_demo.drama_number(cast_no * 40 + line);
COMMENT ON FUNCTION engage_demo.cast_number(integer, integer) IS
	'A fixed-line number (line 0 to 39) of the cast''s appearance cast_no (0 to 15): 38 is the hostel, 39 the phone box, 36 and 37 the landlines of the twins and of the couple.';

CREATE FUNCTION engage_demo.cast_mobile(cast_no integer, i integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN engage_demo.drama_number(17000 + cast_no * 62 + i);
COMMENT ON FUNCTION engage_demo.cast_mobile(integer, integer) IS
	'A mobile number (0 to 61) of the cast''s appearance cast_no (0 to 15).';

CREATE FUNCTION engage_demo.pool_size(casts integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN 18000 - casts * 102;
COMMENT ON FUNCTION engage_demo.pool_size(integer) IS 'How many numbers the cast leaves to ordinary people.';

-- 7919 is a prime that divides no pool size, so this is a permutation.
CREATE FUNCTION engage_demo.pool_index(i integer, casts integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (i::bigint * 7919 % engage_demo.pool_size(casts))::integer;
COMMENT ON FUNCTION engage_demo.pool_index(integer, integer) IS 'Shuffles the numbers of ordinary people: 0 to pool_size - 1.';

CREATE FUNCTION engage_demo.pool_number(shuffled integer, casts integer) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN shuffled + CASE WHEN shuffled < 17000 - casts * 40 THEN casts * 40 ELSE casts * 102 END;
COMMENT ON FUNCTION engage_demo.pool_number(integer, integer) IS
	'Which drama number (argument of drama_number) an ordinary person has: one of those that the cast does not have.';

CREATE FUNCTION engage_demo.number_parts(ordinary integer, casts integer, days integer) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN least((ordinary - 1) / 10 / (engage_demo.pool_size(casts) / 13) + 1, days / 14);
COMMENT ON FUNCTION engage_demo.number_parts(integer, integer, integer) IS
	'Into how many parts the period is cut so that numbers go round.';

CREATE FUNCTION engage_demo.part_blocks(ordinary integer, casts integer, days integer) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN least(engage_demo.pool_size(casts) / 13,
		(ordinary - 1) / 10 / engage_demo.number_parts(ordinary, casts, days) + 1);
COMMENT ON FUNCTION engage_demo.part_blocks(integer, integer, integer) IS
	'How many blocks of ten people have numbers in each part.';

-- A seat determines a person: everything else follows from its keys.
CREATE FUNCTION engage_demo.cast_seats(draw_key bigint, casts integer, days integer)
	RETURNS TABLE (person_id integer, role text, nature text[], household_id integer, tie text, second boolean, number text,
		next_number text, landline text, from_day integer, to_day integer, ordinary_contacts integer, burst integer,
		concern integer, age integer, person_key bigint, home_key bigint)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT cast_no * 61 + r.role_no, r.role, r.nature, cast_no * 34 + r.home,
		CASE WHEN r.role IN ('twin', 'couple') THEN r.role END, r.role_no IN (34, 36),
		engage_demo.cast_number(cast_no, r.line), NULL::text,
		engage_demo.cast_number(cast_no, CASE r.role WHEN 'twin' THEN 36 WHEN 'couple' THEN 37 WHEN 'hostel_resident' THEN 38 END),
		CASE r.role WHEN 'new_subscriber' THEN days / 2 + 1 ELSE 0 END, CASE r.role WHEN 'old_subscriber' THEN days / 2 ELSE days END,
		0, 1, r.concern, r.age,
		engage_demo.draw(cast_no * 61 + r.role_no, draw_key), engage_demo.draw(cast_no * 34 + r.home, draw_key + 1)
	FROM generate_series(0, casts - 1) cast_no, engage_demo.role r;
END;
COMMENT ON FUNCTION engage_demo.cast_seats(bigint, integer, integer) IS 'The seats of the cast.';

-- An ordinary person stays for the whole part or, two in five, for the stretch
-- between two random cuts around a random fortnight, each a whole number of
-- fortnights from the start: so people come and go, yet no week gets busier.
CREATE FUNCTION engage_demo.ordinary_seats(draw_key bigint, ordinary integer, casts integer, days integer, steps_05 bigint[],
		steps_10 bigint[], steps_20 bigint[])
	RETURNS TABLE (person_id integer, role text, nature text[], household_id integer, tie text, second boolean, number text,
		next_number text, landline text, from_day integer, to_day integer, ordinary_contacts integer, burst integer,
		concern integer, age integer, person_key bigint, home_key bigint)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH numbered AS (
		SELECT i / 10 AS block, i % 10 AS pos, casts * 61 + 1 + i AS person_id,
			casts * 34 + 1 + i / 10 * 8 + CASE WHEN i % 10 < 7 THEN i % 10 WHEN i % 10 = 7 THEN 6 ELSE 7 END AS household_id,
			engage_demo.part_blocks(ordinary, casts, days) AS blocks,
			engage_demo.number_parts(ordinary, casts, days) AS parts
		FROM generate_series(0, ordinary - 1) i
		OFFSET 0),
	parted AS (
		SELECT *, block / blocks AS part, days / parts AS part_days,
			engage_demo.draw(person_id, draw_key) AS person_key, engage_demo.draw(household_id, draw_key + 1) AS home_key,
			engage_demo.pick(engage_demo.draw(block % blocks, draw_key + 2), 0, days / parts / 2) - days / parts / 4 AS phase
		FROM numbered
		OFFSET 0),
	timed AS (
		SELECT *, engage_demo.draw(1, person_key) AS a, engage_demo.draw(2, person_key) AS b,
			CASE WHEN part < parts THEN block % blocks * 13 END AS slot,
			CASE WHEN part < parts AND part > 0 THEN part * part_days + phase ELSE 0 END AS part_from,
			CASE WHEN part < parts - 1 THEN (part + 1) * part_days + phase ELSE days END AS part_to
		FROM parted
		OFFSET 0),
	cut AS (
		SELECT *, part_from + 14 * engage_demo.pick(b, 0, (part_to - part_from) / 14) AS stay,
			CASE WHEN (a & 255) < 102 THEN part_from + 14 * engage_demo.pick(b, 16, (part_to - part_from) / 14) ELSE part_from END AS cut,
			CASE WHEN (a & 255) < 102 THEN part_from + 14 * engage_demo.pick(b, 32, (part_to - part_from) / 14) ELSE part_from END AS other_cut,
			engage_demo.pool_index(slot + pos, casts) AS own,
			CASE WHEN pos = 0 AND (a >> 8) & 255 < 102 THEN engage_demo.pool_index(slot + 12, casts) END AS next,
			CASE WHEN pos > 5 THEN engage_demo.pool_index(slot + pos / 2 + 7, casts) END AS shared
		FROM timed
		OFFSET 0),
	held AS (
		SELECT *, engage_demo.pool_number(own, casts) AS own_number, engage_demo.pool_number(next, casts) AS next_number,
			engage_demo.pool_number(shared, casts) AS shared_number
		FROM cut
		OFFSET 0)
	SELECT person_id, 'ordinary', '{}'::text[], household_id,
		CASE
			WHEN pos IN (8, 9) AND block % 10 = 3 THEN 'twin'
			WHEN pos IN (6, 7) AND block % 5 = 2 THEN 'namesake'
			WHEN pos > 5 THEN 'couple'
		END,
		pos IN (7, 9),
		engage_demo.drama_number(own_number), engage_demo.drama_number(next_number), engage_demo.drama_number(shared_number),
		greatest(CASE WHEN cut <= stay THEN cut ELSE part_from END, CASE WHEN other_cut <= stay THEN other_cut ELSE part_from END),
		least(CASE WHEN cut > stay THEN cut ELSE part_to END, CASE WHEN other_cut > stay THEN other_cut ELSE part_to END),
		1 + width_bucket(engage_demo.draw(3, person_key) & 4294967295,
			CASE block % 10 / 3 WHEN 0 THEN steps_05 WHEN 1 THEN steps_20 ELSE steps_10 END),
		CASE WHEN (a >> 16) & 7 = 0 THEN 3 ELSE 1 END,
		(ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 2, 3, 12, 6])[1 + engage_demo.pick(a, 32, 18)], NULL::integer,
		person_key, home_key
	FROM held;
END;
COMMENT ON FUNCTION engage_demo.ordinary_seats(bigint, integer, integer, integer, bigint[], bigint[], bigint[]) IS
	'The seats of ordinary people. The step arrays (count_steps) are for gamma shapes 0.05, 0.1 and 0.2; 3, 4 and 3 of ten blocks use them.';

CREATE FUNCTION engage_demo.settle(start_on date, days integer, draw_key bigint, ordinary integer, casts integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	steps_05 bigint[] := engage_demo.count_steps(0.05, 8.0 * days / 84);
	steps_10 bigint[] := engage_demo.count_steps(0.1, 8.0 * days / 84);
	steps_20 bigint[] := engage_demo.count_steps(0.2, 8.0 * days / 84);
BEGIN
	INSERT INTO engage_demo.person (person_id, role, nature, given_name, family_name, date_of_birth, household_id, tie, tied_to,
			address, postcode, former_address, former_postcode, moved_on, district, email, imei, nominal_ref, number,
			next_number, next_number_on, landline, active_from, active_to, ordinary_contacts, burst, concern, draw_key)
		WITH seat AS (
			SELECT * FROM engage_demo.cast_seats(draw_key, casts, days)
			UNION ALL
			SELECT * FROM engage_demo.ordinary_seats(draw_key, ordinary, casts, days, steps_05, steps_10, steps_20)),
		drawn AS (
			SELECT *, engage_demo.draw(4, person_key) AS b, engage_demo.draw(5, person_key) AS c,
				engage_demo.draw(1, home_key) AS home_a, engage_demo.draw(2, home_key) AS home_b, engage_demo.draw(3, home_key) AS home_c
			FROM seat
			OFFSET 0),
		named AS (
			SELECT *, role = 'ordinary' AND tie IS NULL AND (c >> 24) & 31 = 0 AS moved,
				CASE
					WHEN role = 'alarm_company' THEN NULL
					WHEN tie = 'twin' THEN (engage_demo.pick_low(home_a, 0, 512) + CASE WHEN second THEN 37 ELSE 0 END) % 512
					WHEN tie = 'namesake' THEN engage_demo.pick_low(home_a, 0, 512)
					ELSE engage_demo.pick_low(b, 0, 512)
				END AS given,
				CASE WHEN role = 'hostel_resident' OR tie = 'couple' AND second AND (home_b >> 48) & 3 = 0
					THEN engage_demo.pick_low(b, 32, 960) ELSE engage_demo.pick_low(home_a, 32, 960) END AS family,
				CASE
					WHEN tie = 'twin' THEN coalesce(age * 365 + 90, 6600 + engage_demo.pick(home_b, 0, 20000))
					WHEN tie = 'namesake' AND NOT second THEN 16500 + engage_demo.pick(home_b, 0, 11000)
					WHEN tie = 'namesake' THEN 16500 + engage_demo.pick(home_b, 0, 11000) - 8766 - engage_demo.pick(home_b, 16, 3650)
					ELSE coalesce(age * 365 + engage_demo.pick(c, 32, 300), 5200 + engage_demo.pick(c, 32, 24800))
				END AS age_days
			FROM drawn
			OFFSET 0),
		described AS (
			SELECT *, engage_demo.given_name(given) AS given_name,
				CASE WHEN role = 'alarm_company' THEN engage_demo.family_name(family) || ' Alarms' ELSE engage_demo.family_name(family) END AS family_name
			FROM named
			OFFSET 0)
		SELECT person_id, role, nature, given_name, family_name,
			CASE WHEN role <> 'alarm_company' THEN start_on - age_days END,
			household_id, tie, CASE WHEN tie IS NOT NULL THEN person_id + CASE WHEN second THEN -1 ELSE 1 END END,
			engage_demo.street(home_b), engage_demo.postcode(home_c),
			CASE WHEN moved THEN engage_demo.street(c) END, CASE WHEN moved THEN engage_demo.postcode(b) END,
			CASE WHEN moved THEN start_on + (from_day + to_day) / 2 END,
			(ARRAY['North', 'East', 'South', 'West', 'Central', 'Coast'])[1 + engage_demo.pick(home_c, 0, 60) / 10],
			CASE WHEN (c & 15) < 13 THEN lower(replace(coalesce(given_name || '.', '') || family_name, ' ', '') COLLATE "C") || person_id || '@example.org' END,
			CASE WHEN role = 'alarm_company' OR role = 'ordinary' AND (c >> 8) & 15 = 0 THEN NULL
				WHEN (c >> 12) & 15 = 0 OR person_id % 61 = 14 AND role = 'sim_switcher'
					THEN ARRAY[engage_demo.imei(person_id * 2), engage_demo.imei(person_id * 2 + 1)]
				ELSE ARRAY[engage_demo.imei(person_id * 2)] END,
			CASE WHEN (c >> 16) & 7 = 0 OR role <> 'ordinary' AND (c >> 16) & 1 = 0
				THEN 'N' || right((10000000 + person_id::bigint * 48271 % 9999991)::text, 7) END,
			number, next_number, CASE WHEN next_number IS NOT NULL THEN start_on + (from_day + to_day) / 2 END, landline,
			start_on + from_day, start_on + to_day, ordinary_contacts, burst, concern, person_key
		FROM described;
END $$;
COMMENT ON FUNCTION engage_demo.settle(date, integer, bigint, integer, integer) IS 'Fills person. Part of simulate().';

CREATE FUNCTION engage_demo.assign_numbers(casts integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_demo.person_number (number, person_id, kind, valid_from, valid_to)
		SELECT number, person_id, kind, to_timestamp(engage_demo.london(from_on, 0)), to_timestamp(engage_demo.london(to_on, 0))
		FROM (
			SELECT number, person_id, CASE role WHEN 'alarm_company' THEN 'organisation' ELSE 'personal' END AS kind,
				active_from AS from_on, coalesce(next_number_on, active_to) AS to_on
			FROM engage_demo.person WHERE number IS NOT NULL
			UNION ALL
			SELECT next_number, person_id, 'personal', next_number_on, active_to
			FROM engage_demo.person WHERE next_number IS NOT NULL
			UNION ALL
			SELECT landline, person_id, CASE role WHEN 'hostel_resident' THEN 'communal' ELSE 'household' END, active_from, active_to
			FROM engage_demo.person WHERE landline IS NOT NULL
			OFFSET 0) held;
	INSERT INTO engage_demo.place (number, sharing, label)
		SELECT number, sharing, label || ' ' || (cast_no + 1)
		FROM generate_series(0, casts - 1) cast_no,
			LATERAL (VALUES
				(engage_demo.cast_number(cast_no, 10), 'organisation'::engage.number_sharing, 'Alarm receiving centre'),
				(engage_demo.cast_number(cast_no, 38), 'communal', 'Hostel switchboard'),
				(engage_demo.cast_number(cast_no, 39), 'payphone', 'Phone box, Example Square')) known(number, sharing, label);
END $$;
COMMENT ON FUNCTION engage_demo.assign_numbers(integer) IS
	'Fills person_number from person, and place. The numbers of SIM switchers come with their script. Part of simulate().';
