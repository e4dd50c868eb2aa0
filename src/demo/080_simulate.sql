CREATE FUNCTION engage_demo.simulate(seed integer DEFAULT 1, people integer DEFAULT 2000, days integer DEFAULT 84,
		start_on date DEFAULT '2026-02-02', size numeric DEFAULT 1,
		OUT persons bigint, OUT numbers bigint, OUT contacts bigint, OUT late_contacts bigint)
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
	SET jit = off
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
	PERFORM engage_demo.assign_numbers(casts);
	PERFORM engage_demo.script_volume(start_on, days);
	PERFORM engage_demo.script_trends(start_on, days);
	PERFORM engage_demo.script_switchers(start_on, days);
	PERFORM engage_demo.script_thresholds(start_on, days);
	PERFORM engage_demo.write_contacts(start_on, days, draw_key, casts);
	ANALYZE engage_demo.person, engage_demo.person_number,
		engage_demo.simulated_contact (event_no, parent_no, batch, kind, person_id, source, source_ref, occurred_at);
	persons := (SELECT count(*) FROM engage_demo.person);
	numbers := (SELECT count(DISTINCT number) FROM engage_demo.person_number);
	SELECT count(*), count(*) FILTER (WHERE batch = 'late') INTO contacts, late_contacts FROM engage_demo.simulated_contact;
END $$;
COMMENT ON FUNCTION engage_demo.simulate(integer, integer, integer, date, numeric) IS
	'Simulates a force in place of the previous one: fills the tables of engage_demo, and nothing else. '
	'seed: any number; people: ordinary people, who make at least one contact; days (at least 28) from local midnight of start_on; '
	'size: multiplies people; the cast appears that many times (rounded up, at most 16). '
	'The same arguments give the same rows everywhere. NULL arguments give NULL and change nothing. '
	'Returns how many people, numbers and contacts there are, and how many contacts come late.';

CREATE FUNCTION engage_demo.load(batch text DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
	SET synchronize_seqscans = off
	SET jit = off
AS $$
DECLARE
	wanted constant text[] := CASE WHEN batch IS NULL THEN ARRAY['main', 'late'] ELSE ARRAY[batch] END;
	loaded bigint;
BEGIN
	IF batch NOT IN ('main', 'late') THEN
		RAISE EXCEPTION 'there is no batch "%"', batch USING ERRCODE = 'invalid_parameter_value',
			HINT = 'The batches are ''main'' and ''late''; NULL loads both.';
	END IF;
	PERFORM FROM engage_demo.simulation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'nothing is simulated yet' USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Run SELECT * FROM engage_demo.simulate() first.';
	END IF;
	BEGIN
		-- simulated_contact is in order of time, and so the contacts get their ids
		INSERT INTO engage.contact (source, source_ref, occurred_at, recorded_at, channel, direction, number_raw, cli_status,
				given_name, family_name, date_of_birth, address, postcode, email, imei, nominal_ref, district, opening_code,
				closing_code, qualifiers, subject, demand_class, grade, deployed, answered_at, ended_at, handling_seconds,
				disconnected, spoke_to_service, confirmed_safe, tag, incident_ref, recording_ref, latitude, longitude,
				location_radius_m, details)
			-- a recorded_at in the future becomes now
			SELECT c.source, c.source_ref, c.occurred_at, GREATEST(c.occurred_at, LEAST(c.recorded_at, now())), c.channel, c.direction,
				c.number_raw, c.cli_status, c.given_name, c.family_name, c.date_of_birth, c.address, c.postcode, c.email, c.imei, c.nominal_ref, c.district,
				c.opening_code, c.closing_code, c.qualifiers, c.subject, c.demand_class, c.grade, c.deployed, c.answered_at,
				c.ended_at, c.handling_seconds, c.disconnected, c.spoke_to_service, c.confirmed_safe, c.tag, c.incident_ref,
				c.recording_ref, c.latitude, c.longitude, c.location_radius_m, c.details
			FROM engage_demo.contact c
			WHERE c.batch = ANY (wanted);
		GET DIAGNOSTICS loaded = ROW_COUNT;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'engage.contact has simulated contacts of this batch already' USING ERRCODE = 'unique_violation',
			HINT = 'Run SELECT engage_demo.unload() to delete all simulated contacts from it.';
	END;
	PERFORM engage_demo.join_legs(wanted);
	RETURN loaded;
END $$;
COMMENT ON FUNCTION engage_demo.load(text) IS
	'Inserts simulated contacts into engage.contact: batch ''main'', ''late'' (what a broken feed and slow systems bring days later), or NULL for both. '
	'Returns how many. Errors if they are there already, and if nothing is simulated.';

CREATE FUNCTION engage_demo.join_legs(wanted text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- ids exist only now; a pair waits while one half is in the future
	UPDATE engage.contact c
		SET duplicate_of = CASE WHEN pair.kind = 'duplicate' THEN parent.contact_id END,
			callback_of = CASE WHEN pair.kind <> 'duplicate' THEN parent.contact_id END
		FROM (
			SELECT child.kind, child.source, child.source_ref, first.source AS parent_source, first.source_ref AS parent_ref
			FROM engage_demo.simulated_contact child
				JOIN engage_demo.simulated_contact first ON first.event_no = child.parent_no
			WHERE child.kind IN ('duplicate', 'callback', 'outbound')
				AND (child.batch = ANY (wanted) OR first.batch = ANY (wanted))) pair
			JOIN engage.contact parent ON parent.source = pair.parent_source AND parent.source_ref = pair.parent_ref
		WHERE c.source = pair.source AND c.source_ref = pair.source_ref;
END $$;
COMMENT ON FUNCTION engage_demo.join_legs(text[]) IS
	'Sets duplicate_of and callback_of of simulated contacts in engage.contact. Part of load().';

CREATE FUNCTION engage_demo.unload() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	deleted bigint;
BEGIN
	DELETE FROM engage.contact WHERE source IN ('demo_acd', 'demo_online', 'demo_redbox', 'demo_storm');
	GET DIAGNOSTICS deleted = ROW_COUNT;
	RETURN deleted;
END $$;
COMMENT ON FUNCTION engage_demo.unload() IS
	'Deletes every simulated contact, of this or an earlier simulation, from engage.contact (sources demo_acd, demo_online, demo_redbox, demo_storm) and returns how many. What a refresh then does with them is its own.';
