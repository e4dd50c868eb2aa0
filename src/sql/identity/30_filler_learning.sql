/*
 * Fillers that are in no list: values that far more people have than chance
 * explains are learnt as fillers, and proposed.
 *
 * People are distinguished by the sound of their names and by their numbers,
 * because they are not yet identified.  The limits are far above what real
 * values reach: leaving out a common real value loses little evidence, while a
 * filler that counts as evidence would link strangers.
 */

CREATE FUNCTION engage_internal.suspected_fillers(OUT kind text, OUT folded text, OUT example text, OUT people bigint, OUT expected double precision) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 10 SET jit = off
BEGIN ATOMIC
	-- counts names and numbers, not personas: somebody who calls every day has many personas
	WITH spelt (kind, value, personas) AS MATERIALIZED (
		SELECT 'identifier', p.nominal_ref, count(*) FROM engage.persona p WHERE p.nominal_ref IS NOT NULL GROUP BY p.nominal_ref
		UNION ALL SELECT 'imei', p.imei, count(*) FROM engage.persona p WHERE p.imei IS NOT NULL GROUP BY p.imei
		UNION ALL SELECT 'email', p.email, count(*) FROM engage.persona p WHERE p.email IS NOT NULL GROUP BY p.email
		UNION ALL SELECT 'postcode', p.postcode, count(*) FROM engage.persona p WHERE p.postcode IS NOT NULL GROUP BY p.postcode
		UNION ALL SELECT 'address', p.address, count(*) FROM engage.persona p WHERE p.address IS NOT NULL GROUP BY p.address
		UNION ALL SELECT 'given_name', p.given_name, count(*)
			FROM (SELECT DISTINCT x.given_name, x.number FROM engage.persona x WHERE x.given_name IS NOT NULL AND x.number IS NOT NULL) p GROUP BY p.given_name
		UNION ALL SELECT 'family_name', p.family_name, count(*)
			FROM (SELECT DISTINCT x.family_name, x.number FROM engage.persona x WHERE x.family_name IS NOT NULL AND x.number IS NOT NULL) p GROUP BY p.family_name
		UNION ALL SELECT 'date', p.date_of_birth::text, count(*) FROM engage.persona p WHERE p.date_of_birth IS NOT NULL GROUP BY p.date_of_birth
	), total AS (
		SELECT x.kind, sum(x.personas)::double precision AS personas FROM spelt x GROUP BY x.kind
	), counted AS MATERIALIZED (
		-- leaves out rare spellings, which are the most numerous and make no difference
		SELECT x.kind, engage.filler_fold(x.kind, x.value) AS folded, min(x.value) AS example, sum(x.personas)::bigint AS personas
		FROM spelt x WHERE x.personas >= 3 GROUP BY x.kind, engage.filler_fold(x.kind, x.value)
	), fifth AS MATERIALIZED (
		-- for given names: the most common real one is not this far ahead of the fifth
		SELECT x.personas FROM counted x WHERE x.kind = 'given_name' AND x.folded IS NOT NULL ORDER BY x.personas DESC OFFSET 4 LIMIT 1
	), common AS MATERIALIZED (
		SELECT c.*, t.personas AS all_personas
		FROM counted c JOIN total t ON t.kind = c.kind
		WHERE c.folded IS NOT NULL AND c.personas >= 10
			AND c.personas >= t.personas * CASE c.kind WHEN 'given_name' THEN 0.02 WHEN 'family_name' THEN 0.25
				WHEN 'postcode' THEN 0.05 WHEN 'address' THEN 0.05 ELSE 0.01 END
			AND (c.kind <> 'given_name' OR c.personas >= 5 * (SELECT x.personas FROM fifth x))
			-- a date of birth of which only the year is known is often written like this
			AND (c.kind <> 'date' OR c.folded NOT LIKE '%-01-01' OR c.personas >= t.personas * 0.05)
	), used AS (
		SELECT c.kind, c.folded, c.example, c.personas, c.all_personas, count(DISTINCT p.number) AS numbers,
			count(DISTINCT COALESCE(engage.sound_key(engage.name_key(p.family_name)), engage.sound_key(engage.name_key(p.given_name)))) AS names
		FROM common c JOIN engage.persona p ON c.folded = engage.filler_fold(c.kind, CASE c.kind WHEN 'identifier' THEN p.nominal_ref
			WHEN 'imei' THEN p.imei WHEN 'email' THEN p.email WHEN 'postcode' THEN p.postcode WHEN 'address' THEN p.address
			WHEN 'given_name' THEN p.given_name WHEN 'family_name' THEN p.family_name ELSE p.date_of_birth::text END)
		GROUP BY c.kind, c.folded, c.example, c.personas, c.all_personas
	), judged AS (
		SELECT u.*, CASE WHEN u.kind = 'date' THEN
				-- births per day within two years of it
				(SELECT count(*) / 1461.0 FROM engage.persona p WHERE p.date_of_birth <> u.folded::date
					AND p.date_of_birth BETWEEN u.folded::date - 730 AND u.folded::date + 730)::double precision
			WHEN u.kind = 'given_name' THEN 5 * (SELECT x.personas FROM fifth x)
			WHEN u.kind IN ('family_name', 'postcode', 'address') THEN u.all_personas * CASE u.kind WHEN 'family_name' THEN 0.25 ELSE 0.05 END
			ELSE 1 END AS expected
		FROM used u
	)
	SELECT j.kind, j.folded, j.example, GREATEST(j.names, j.numbers), round(j.expected::numeric, 2)::double precision
	FROM judged j
	WHERE CASE
		WHEN j.kind IN ('identifier', 'imei', 'email') THEN
			j.names >= 10 AND j.numbers >= 10 OR j.numbers >= 50 AND j.personas >= j.all_personas * 0.2
		WHEN j.kind = 'date' THEN
			-- one person has few numbers, however often the name is misspelt; then the Chernoff bound on the Poisson tail
			j.names >= 10 AND j.numbers >= 10 AND j.names >= 10 * j.expected
				AND j.names - j.expected - j.names * ln(j.names / GREATEST(j.expected, 0.001)) < -9 * ln(10)
		WHEN j.kind IN ('given_name', 'family_name') THEN j.numbers >= 100
		ELSE j.names >= 30 END;
END;
COMMENT ON FUNCTION engage_internal.suspected_fillers() IS
	'Values that far more people have than chance explains: references, handsets and e-mail addresses of ten or more names and numbers; dates of ten names and numbers, and ten times as many names as the years around them suggest; given names five times as common as the fifth; family names, postcodes and addresses with a share that no real one has. people: how many different names, or numbers if they are more; expected: how many at most by chance. Reads all personas.';

CREATE FUNCTION engage_internal.learn_fillers() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	learnt bigint;
BEGIN
	WITH fresh AS (
		INSERT INTO engage.learnt_filler (kind, folded, example, people, expected)
		SELECT s.* FROM engage_internal.suspected_fillers() s
		WHERE NOT EXISTS (SELECT FROM engage.filler f WHERE f.folded = s.folded
			AND (f.kind = s.kind OR f.kind = 'name' AND s.kind IN ('given_name', 'family_name')))
		ON CONFLICT DO NOTHING
		RETURNING kind, folded
	), queued AS (
		INSERT INTO engage_internal.dirty (subject, filler, cause) SELECT 'filler', f.kind || ':' || f.folded, 'learnt' FROM fresh f
	)
	SELECT count(*) INTO learnt FROM fresh;
	UPDATE engage.linkage_state s SET fillers_learnt_on = engage.local_date(now(), o.zone)
	FROM engage.policy o WHERE s.fillers_learnt_on IS DISTINCT FROM engage.local_date(now(), o.zone);
	RETURN learnt;
END
$$;
COMMENT ON FUNCTION engage_internal.learn_fillers() IS
	'Learns as fillers the values that far more people have than chance explains, unless filler decides on them, and queues those who gave them; returns how many are new. A stage of refresh: before all personas are linked, and once on each local day.';

CREATE FUNCTION engage_internal.learn_fillers_if_due() RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM engage.linkage_state s, engage.policy o WHERE s.fillers_learnt_on IS DISTINCT FROM engage.local_date(now(), o.zone)) THEN
		RETURN engage_internal.learn_fillers() > 0;
	END IF;
	RETURN false;
END
$$;
COMMENT ON FUNCTION engage_internal.learn_fillers_if_due() IS 'learn_fillers(), unless it ran on this local day; whether anything is new. Part of refresh().';

CREATE VIEW engage.filler_suspect WITH (security_barrier) AS
SELECT l.kind, l.example AS value, l.people, l.expected, l.learnt_at
FROM engage.learnt_filler l
WHERE NOT EXISTS (SELECT FROM engage.filler f WHERE f.folded = l.folded
	AND (f.kind = l.kind OR f.kind = 'name' AND l.kind = ANY (ARRAY['given_name', 'family_name'])));
COMMENT ON VIEW engage.filler_suspect IS
	'Values that far more people have than chance explains. They are no evidence until somebody decides: INSERT INTO filler (kind, value, is_filler) says that one is a filler (true) or real (false).';
COMMENT ON COLUMN engage.filler_suspect.people IS 'How many people seemed to have the value when it was learnt: different names, or numbers if they are more.';
COMMENT ON COLUMN engage.filler_suspect.expected IS 'How many people at most would have it by chance.';
