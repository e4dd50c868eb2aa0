CREATE FUNCTION engage_demo.simulate(seed integer DEFAULT 1, people integer DEFAULT 2000, days integer DEFAULT 84,
		start_on date DEFAULT '2026-02-02', size numeric DEFAULT 1,
		OUT persons bigint, OUT numbers bigint, OUT contacts bigint, OUT late_contacts bigint)
	LANGUAGE plpgsql VOLATILE STRICT
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	draw_key constant bigint := engage_demo.draw(1, seed);
	casts integer;
	ordinary integer;
BEGIN
	IF people NOT BETWEEN 10 AND 10000000 THEN
		RAISE EXCEPTION 'people must be from 10 to 10000000, not %', people USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF days NOT BETWEEN 28 AND 3660 THEN
		RAISE EXCEPTION 'days must be from 28 to 3660, not %', days USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The cast of special callers needs four weeks for what it does.';
	END IF;
	IF start_on NOT BETWEEN date '1996-01-01' AND date '2090-01-01' THEN
		RAISE EXCEPTION 'start_on must be from 1996-01-01 to 2090-01-01, not %', start_on USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Before 1996 the clocks changed by other rules.';
	END IF;
	IF size NOT BETWEEN 0.01 AND 10000 OR people * size NOT BETWEEN 10 AND 10000000 THEN
		RAISE EXCEPTION 'people times size must be from 10 to 10000000, not % times %', people, size
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	ordinary := round(people * size);
	casts := least(ceil(size), 16);
	TRUNCATE engage_demo.simulation, engage_demo.person, engage_demo.person_number, engage_demo.place, engage_demo.script,
		engage_demo.simulated_contact;
	INSERT INTO engage_demo.simulation (seed, people, days, start_on, size, ordinary, casts, draw_key)
		VALUES (seed, people, days, start_on, size, ordinary, casts, draw_key);
	PERFORM engage_demo.settle(start_on, days, draw_key, ordinary, casts);
	PERFORM engage_demo.assign_numbers(start_on, days, casts);
	PERFORM engage_demo.script_volume(start_on, days);
	PERFORM engage_demo.script_trends(start_on, days);
	PERFORM engage_demo.script_switchers(start_on, days);
	PERFORM engage_demo.script_thresholds(start_on, days);
	PERFORM engage_demo.write_contacts(start_on, days, draw_key, casts);
	persons := (SELECT count(*) FROM engage_demo.person);
	numbers := (SELECT count(DISTINCT number) FROM engage_demo.person_number);
	SELECT count(*), count(*) FILTER (WHERE batch = 'late') INTO contacts, late_contacts FROM engage_demo.simulated_contact;
END $$;
COMMENT ON FUNCTION engage_demo.simulate(integer, integer, integer, date, numeric) IS
	'Simulates a force and replaces the previous simulation: fills the tables of engage_demo, and nothing else. '
	'seed: any number; people: ordinary people who contact at least once; days (at least 28) from local midnight of start_on; '
	'size: multiplies people, and the cast of special people appears so many times (rounded up, at most 16). '
	'The same arguments give the same rows on every machine and version. NULL arguments give NULL and change nothing. '
	'Returns how many people, numbers and contacts there are, and how many of the contacts come late.';
