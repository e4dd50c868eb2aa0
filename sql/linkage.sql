-- Linkage against the truth of a simulated force: learnt from the contacts
-- alone, at the shipped threshold.
SET timezone = 'UTC';
SET search_path = engage, engage_internal, public;
CREATE EXTENSION engage_demo;
SELECT setup();
SELECT persons, contacts FROM engage_demo.simulate();
SELECT engage_demo.load(NULL) > 0 AS loaded;
INSERT INTO known_number (number, sharing, label) SELECT number, sharing, label FROM engage_demo.place WHERE sharing <> 'communal';
CALL refresh();

-- counted contacts that tell anything of who calls; those whose caller cannot be told are each alone
CREATE VIEW told AS
	SELECT c.contact_id, t.person_id, t.role, COALESCE(p.caller_id, -c.contact_id) AS caller_id
	FROM contact c
	JOIN engage_demo.contact_truth t USING (source, source_ref)
	LEFT JOIN persona p USING (persona_key)
	WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
		AND c.persona_key IS NOT NULL AND t.person_id IS NOT NULL AND t.role <> 'alarm_company';	-- an organisation is nobody
CREATE VIEW b_cubed AS
	SELECT round(p, 3) AS precision, round(r, 3) AS recall, round(2 * p * r / (p + r), 3) AS f
	FROM (
		SELECT sum(n * n / of_caller) / sum(n) AS p, sum(n * n / of_person) / sum(n) AS r
		FROM (
			SELECT count(*) AS n, sum(count(*)) OVER (PARTITION BY caller_id) AS of_caller, sum(count(*)) OVER (PARTITION BY person_id) AS of_person
			FROM told GROUP BY caller_id, person_id
		) x
	) y;
-- victims who are together with anybody else
CREATE VIEW victim_mixed AS
	SELECT caller_id FROM told GROUP BY caller_id HAVING bool_or(role LIKE 'repeat_victim%') AND count(DISTINCT person_id) > 1;

-- as shipped, nothing learnt
SELECT f >= 0.94 AS shipped, precision >= 0.98 AS precise, b.* FROM b_cubed b;
SELECT count(*) AS victims_mixed FROM victim_mixed;

SELECT model_id, converged, reached > 0.99 AS reached, people BETWEEN 2000 AND 2200 AS people FROM train_linkage();
CALL refresh();
SELECT f >= 0.98 AS learnt, precision >= 0.98 AS precise, b.* FROM b_cubed b;
SELECT count(*) AS victims_mixed FROM victim_mixed;
-- an organisation that is known is nobody, whatever its staff say of it
SELECT count(*) > 1000 AS contacts, count(p.caller_id) AS with_caller FROM contact c
JOIN engage_demo.contact_truth t USING (source, source_ref) JOIN persona p USING (persona_key) WHERE t.role = 'alarm_company';
-- SIM switchers are found, twins and couples kept apart
SELECT role, max(persons) AS persons_of_a_caller FROM (
	SELECT caller_id, min(role) AS role, count(DISTINCT person_id) AS persons FROM told WHERE role IN ('twin', 'couple') GROUP BY caller_id) x
GROUP BY role ORDER BY role;
SELECT count(*) AS switchers, count(*) FILTER (WHERE most >= all_contacts - 1) AS together
FROM (SELECT person_id, max(n) AS most, sum(n) AS all_contacts FROM (
		SELECT person_id, caller_id, count(*) AS n FROM told WHERE role = 'sim_switcher' GROUP BY person_id, caller_id) x GROUP BY person_id) y;
SELECT * FROM verify();

-- the same seed gives the same model, and a rebuild the same callers
SELECT model_id FROM train_linkage();
SELECT a.model = b.model AS same_model FROM linkage_model a, linkage_model b WHERE a.model_id = 2 AND b.model_id = 3;
CREATE TABLE before AS SELECT persona_key, caller_id, component FROM persona;
CALL rebuild();
SELECT count(*) AS changed FROM before b FULL JOIN persona p USING (persona_key)
WHERE (b.caller_id, b.component) IS DISTINCT FROM (p.caller_id, p.component);
-- back to the shipped model and forth: callers return
SELECT adopt_linkage_model(1);
CALL refresh();
SELECT count(*) > 100 AS changed FROM before b JOIN persona p USING (persona_key) WHERE b.component IS DISTINCT FROM p.component;
SELECT adopt_linkage_model(2);
CALL refresh();
SELECT count(*) AS parted FROM (
	SELECT b.caller_id FROM before b JOIN persona p USING (persona_key) GROUP BY b.caller_id HAVING count(DISTINCT p.caller_id) > 1) x;
SELECT count(*) AS joined FROM (
	SELECT p.caller_id FROM before b JOIN persona p USING (persona_key) GROUP BY p.caller_id HAVING count(DISTINCT b.caller_id) > 1) x;
SELECT * FROM verify();

-- too little to learn from
TRUNCATE contact;
CALL refresh();
DO $$
BEGIN
	PERFORM engage.train_linkage();
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RAISE NOTICE '%', SQLERRM;
END
$$;

-- as other files want to find it
DROP VIEW victim_mixed, b_cubed, told;
DROP TABLE before;
DROP EXTENSION engage_demo;
DROP EXTENSION engage;
CREATE EXTENSION engage;
