/*
 * Identity review: what a person should check.
 *
 * All of this shows numbers, so it is for people who may see who is behind
 * them.
 */

CREATE VIEW engage.caller_number WITH (security_barrier) AS
SELECT p.caller_id, p.number, k.sharing, k.label, count(DISTINCT p.persona_key) AS personas,
	sum(engage.num_contacts(t.timeline)) AS contacts,
	min(engage.first_at(t.timeline)) AS first_at, max(engage.last_at(t.timeline)) AS last_at,
	(SELECT count(DISTINCT o.caller_id) FROM engage.persona o
		WHERE o.number = p.number AND o.caller_id <> p.caller_id) AS other_callers
FROM engage.persona p
JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
LEFT JOIN engage.known_number k ON k.number = p.number
WHERE p.number IS NOT NULL AND p.caller_id IS NOT NULL
GROUP BY p.caller_id, p.number, k.sharing, k.label;
COMMENT ON VIEW engage.caller_number IS
	'Which numbers belong to whom: a row for each caller and number that the caller used, with how often and from when to when. explain_identity(number, number) says why two of them belong to one caller.';
COMMENT ON COLUMN engage.caller_number.other_callers IS 'Other callers who used the number: if above 0 the number alone does not identify the caller.';

CREATE VIEW engage.handset_number WITH (security_barrier) AS
SELECT p.imei, array_agg(DISTINCT p.number) FILTER (WHERE p.number IS NOT NULL) AS numbers,
	array_agg(DISTINCT p.caller_id) FILTER (WHERE p.caller_id IS NOT NULL) AS caller_ids
FROM engage.persona p
WHERE p.imei IS NOT NULL
GROUP BY p.imei
HAVING count(DISTINCT p.number) > 1;
COMMENT ON VIEW engage.handset_number IS 'Handsets from which several numbers called: the SIM card was changed, or somebody else got the handset.';

CREATE FUNCTION engage_internal.usable_date(date date) RETURNS date
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN date >= '0001-01-01'::date AND date <= '2199-12-31'::date THEN date END;
COMMENT ON FUNCTION engage_internal.usable_date(date) IS
	'A date of birth, or NULL if it cannot be one, such as infinity: contacts could have those before their bounds were checked.';

CREATE VIEW engage.link_review WITH (security_barrier) AS
SELECT a.caller_id, l.persona_a, l.persona_b, engage.persona_label(l.persona_a) AS identifier_a, engage.persona_label(l.persona_b) AS identifier_b,
	l.weight, l.score, l.personas_a, l.personas_b, l.pairs, l.agreeing,
	l.score = 'Infinity' AS is_decided,
	l.score < 5 AND COALESCE(a.number <> b.number, true) AS is_weak,
	LEAST(l.personas_a, l.personas_b) > 1 AND l.agreeing * 10 <= l.pairs AS is_bridge,
	COALESCE(engage.date_similarity(engage_internal.usable_date(a.date_of_birth), engage_internal.usable_date(b.date_of_birth))
			= ANY (ARRAY['year same', 'near', 'different']), false)
		OR COALESCE(engage.jaro_winkler(engage.name_key(a.given_name), engage.name_key(b.given_name)) < 0.7, false) AS is_contradictory
FROM engage.link l
JOIN engage.persona a ON a.persona_key = l.persona_a
JOIN engage.persona b ON b.persona_key = l.persona_b;
COMMENT ON VIEW engage.link_review IS
	'Every link that holds a caller together, and what to check: weak links, bridges and contradictions. without_link() shows what would change without a link, reject_link() splits it.';
COMMENT ON COLUMN engage.link_review.is_weak IS 'Whether the two personas have no number in common and the evidence between the groups is below 5 bits: odds of less than 32 to 1.';
COMMENT ON COLUMN engage.link_review.is_bridge IS 'Whether it joins two groups of several personas of which at most one pair in ten agrees.';
COMMENT ON COLUMN engage.link_review.is_contradictory IS 'Whether the dates of birth or given names of the two personas differ.';

CREATE VIEW engage.caller_contradiction WITH (security_barrier) AS
SELECT a.caller_id, 'dates of birth'::text AS contradiction, array_agg(DISTINCT a.date_of_birth ORDER BY a.date_of_birth)::text[] AS found
FROM engage.persona a
JOIN engage.persona b ON b.caller_id = a.caller_id
WHERE engage.date_similarity(engage_internal.usable_date(a.date_of_birth), engage_internal.usable_date(b.date_of_birth)) = 'different'
GROUP BY a.caller_id
UNION ALL
SELECT p.caller_id, 'calls at the same time', array_agg(DISTINCT c.contact_id ORDER BY c.contact_id)::text[]
FROM engage.persona p
JOIN engage.persona q ON q.caller_id = p.caller_id AND q.number <> p.number
JOIN engage_internal.counted_contact c ON c.persona_key = p.persona_key
JOIN engage_internal.counted_contact d ON d.persona_key = q.persona_key
WHERE c.channel = ANY (ARRAY['999_voice', '101_voice', 'switchboard']::engage.contact_channel[])
	AND d.channel = ANY (ARRAY['999_voice', '101_voice', 'switchboard']::engage.contact_channel[])
	AND c.answered_at < d.ended_at AND d.answered_at < c.ended_at
GROUP BY p.caller_id;
COMMENT ON VIEW engage.caller_contradiction IS
	'Callers who have two dates of birth, or were on the telephone from two numbers at once: perhaps two people. found: the dates, or the contact_id of the calls.';

CREATE VIEW engage.shared_number_suspect WITH (security_barrier) AS
SELECT s.number, s.names, s.found_at, count(p.persona_key) AS personas, count(DISTINCT p.caller_id) AS callers,
	CASE WHEN count(DISTINCT engage.name_key(p.address)) = 1 THEN 'communal' ELSE 'unknown' END::engage.number_sharing AS suggested
FROM engage.shared_number s
JOIN engage.persona p ON p.number = s.number
WHERE NOT EXISTS (SELECT FROM engage.known_number k WHERE k.number = s.number)
GROUP BY s.number, s.names, s.found_at;
COMMENT ON VIEW engage.shared_number_suspect IS
	'Numbers that many different names use and that are not in known_number yet. They link nobody. Find out what each is and add it there: as payphone, communal or organisation, or as personal if it belongs to one person who gives many names.';
COMMENT ON COLUMN engage.shared_number_suspect.suggested IS 'communal if everyone who gave an address gave the same one.';

CREATE VIEW engage.flag_by_joining WITH (security_barrier) AS
SELECT f.flag_id, f.caller_id, r.name AS rule, r.version AS rule_version, f.met_at, f.contacts,
	count(DISTINCT n.number) AS numbers, max(n.most) AS most_of_one_number
FROM engage.flag f
JOIN engage.rule r ON r.rule_id = f.rule_id AND r.kind = 'criteria'
JOIN LATERAL (
	SELECT x.number, engage.num_contacts(engage.slice(x.timeline, f.started_at, 'infinity'), '-infinity', f.ended_at) AS most,
		EXISTS (SELECT FROM engage.episodes(x.timeline, r.criteria, f.started_at) e WHERE e.met_at <= f.ended_at) AS meets
	FROM (
		SELECT p.number, engage.rollup(t.timeline) AS timeline
		FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
		WHERE p.caller_id = f.caller_id AND (r.channels IS NULL OR t.channel = ANY (r.channels))
		GROUP BY p.number
	) x
) n ON true
WHERE f.withdrawn_at IS NULL
GROUP BY f.flag_id, r.rule_id
HAVING NOT bool_or(n.meets);
COMMENT ON VIEW engage.flag_by_joining IS
	'Flags that stand only because several numbers, or contacts without one, belong to one caller: no number alone meets the rule.';
COMMENT ON COLUMN engage.flag_by_joining.most_of_one_number IS 'The most contacts of the episode from any one number.';

-- definer: people who decide on links see both sides without rights on personas
CREATE FUNCTION engage.without_link(persona_a uuid, persona_b uuid,
		OUT side integer, OUT identifiers text[], OUT personas bigint, OUT contacts bigint, OUT first_at timestamptz, OUT last_at timestamptz,
		OUT rules_met text[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 2
AS $$
#variable_conflict use_column
BEGIN
	IF NOT EXISTS (SELECT FROM engage.link l WHERE l.persona_a = without_link.persona_a AND l.persona_b = without_link.persona_b) THEN
		RAISE EXCEPTION 'there is no such link'
			USING ERRCODE = 'no_data_found', HINT = 'SELECT persona_a, persona_b FROM engage.link_review lists them.';
	END IF;
	RETURN QUERY
	WITH RECURSIVE reached AS (
		SELECT s.side, s.at FROM (VALUES (1, without_link.persona_a), (2, without_link.persona_b)) s (side, at)
		UNION
		SELECT r.side, CASE WHEN l.persona_a = r.at THEN l.persona_b ELSE l.persona_a END
		FROM reached r JOIN engage.link l ON r.at IN (l.persona_a, l.persona_b)
		WHERE (l.persona_a, l.persona_b) <> (without_link.persona_a, without_link.persona_b)
	)
	SELECT r.side, array_agg(DISTINCT engage.persona_label(r.at)), count(DISTINCT r.at), sum(engage.num_contacts(t.timeline))::bigint,
		min(engage.first_at(t.timeline)), max(engage.last_at(t.timeline)),
		ARRAY(SELECT u.name || ' version ' || u.version FROM engage.rule u, LATERAL (
				SELECT engage.rollup(y.timeline) AS timeline
				FROM reached x JOIN engage.persona_timeline y ON y.persona_key = x.at
				WHERE x.side = r.side AND (u.channels IS NULL OR y.channel = ANY (u.channels))
			) z
			WHERE u.kind = 'criteria' AND EXISTS (SELECT FROM engage.episodes(z.timeline, u.criteria, u.valid_from, u.valid_to))
			ORDER BY 1)
	FROM reached r JOIN engage.persona_timeline t ON t.persona_key = r.at
	GROUP BY r.side
	ORDER BY r.side;
END
$$;
COMMENT ON FUNCTION engage.without_link(uuid, uuid) IS
	'What would change without a link (persona_a, persona_b of link_review): the two sides that it holds together, each with its identifiers, contacts and the rules that it would meet alone. Other evidence might still join the two sides: reject_link() keeps them apart. An error (P0002) if there is no such link.';

CREATE FUNCTION engage.linked_pairs(model_id integer, OUT persona_a uuid, OUT persona_b uuid, OUT weight double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_linked_pairs' LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 100000;
COMMENT ON FUNCTION engage.linked_pairs(integer) IS
	'Every pair of personas that blocking brings together and whose own evidence (weight, in bits, including the prior) reaches the threshold under a version of the linkage model: the links that plain closure would follow. Reads all personas; an error (P0002) if there is no such model.';
