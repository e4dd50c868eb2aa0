/*
 * engage_bi_named: who is behind a pseudonym, for people who look after repeat
 * callers.  Only callers who met a rule.
 */

CREATE SCHEMA engage_bi_named;
COMMENT ON SCHEMA engage_bi_named IS 'Who is behind a pseudonym, for callers who met a rule. For coordinators.';

CREATE VIEW engage_bi_named.dim_caller_named WITH (security_barrier) AS
SELECT w.caller_key, w.caller_id AS caller_reference, n.label AS named_caller_label, m.number AS named_most_used_number,
	m.numbers::integer AS named_number_count, n.date_of_birth AS named_date_of_birth
FROM engage_internal.caller_pseudonym w
LEFT JOIN LATERAL (
	SELECT concat_ws(' ', p.given_name, p.family_name) AS label, CASE WHEN p.date_of_birth BETWEEN '1850-01-01' AND '2199-12-31' THEN p.date_of_birth END AS date_of_birth
	FROM engage.persona p
	WHERE p.caller_id = w.caller_id AND (p.given_name IS NOT NULL OR p.family_name IS NOT NULL)
	ORDER BY p.given_name IS NULL, p.family_name IS NULL, (SELECT sum(engage.num_contacts(t.timeline)) FROM engage.persona_timeline t WHERE t.persona_key = p.persona_key) DESC, p.persona_key
	LIMIT 1
) n ON true
LEFT JOIN LATERAL (
	SELECT (array_agg(x.number ORDER BY x.contacts DESC, x.number))[1] AS number, count(*) AS numbers
	FROM (
		SELECT p.number, sum(engage.num_contacts(t.timeline)) AS contacts
		FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
		WHERE p.caller_id = w.caller_id AND p.number IS NOT NULL
		GROUP BY p.number
	) x
) m ON true
WHERE EXISTS (SELECT FROM engage.roster r WHERE r.caller_id = w.caller_id);
COMMENT ON VIEW engage_bi_named.dim_caller_named IS 'Callers who met a rule, and who they are as far as their contacts show.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.caller_key IS 'Caller, by the same key as in engage_bi.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.caller_reference IS 'Caller, by the caller_id of the register.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.named_caller_label IS 'Name given in most contacts; empty if none was given.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.named_most_used_number IS 'Number that the caller used most.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.named_number_count IS 'How many numbers the caller used.';
COMMENT ON COLUMN engage_bi_named.dim_caller_named.named_date_of_birth IS 'Date of birth given with that name.';
