/*
 * Identity: which personas are one caller, what people decided about it, and
 * how it came about.
 *
 * The caller of a persona depends only on the personas of its component, the
 * model and the decisions.  So a refresh that links the components that new
 * personas reach gives the same result as linking everything again.
 */

CREATE TYPE engage.link_method AS ENUM (
	'given_by_caller', 'handler_recognised', 'number_already_held', 'same_imei', 'same_imsi', 'same_nominal',
	'same_name_dob', 'same_address', 'analyst', 'import'
);
COMMENT ON TYPE engage.link_method IS 'On what grounds a person said that two identifiers belong to one caller.';

CREATE TABLE engage_internal.persona_block (
	block_key bigint NOT NULL,
	rank bigint NOT NULL,
	persona_key uuid NOT NULL
);
COMMENT ON TABLE engage_internal.persona_block IS
	'The blocks of each persona. Linkage compares personas that share a block. Made by refresh.';
COMMENT ON COLUMN engage_internal.persona_block.rank IS 'The persona''s place in a random order, which is the same in every block.';
CREATE INDEX persona_block_key ON engage_internal.persona_block (block_key, rank);
SELECT pg_extension_config_dump('engage_internal.persona_block', '');

CREATE TABLE engage_internal.block_large (
	block_key bigint PRIMARY KEY,
	last_rank bigint NOT NULL
);
COMMENT ON TABLE engage_internal.block_large IS
	'Blocks with too many personas to compare all pairs, such as a common first name in a large town, or the details of somebody who calls every day: each persona is compared with the block''s hubs alone, the 20 of lowest rank. Made by refresh.';
COMMENT ON COLUMN engage_internal.block_large.last_rank IS 'Rank of the last hub.';
SELECT pg_extension_config_dump('engage_internal.block_large', '');

CREATE TABLE engage.shared_number (
	number text PRIMARY KEY,
	names integer NOT NULL,
	found_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE engage.shared_number IS
	'Numbers that many different names use, and that therefore link no personas. Candidates for known_number, where sharing personal says that a number belongs to one person all the same. Made by refresh.';
COMMENT ON COLUMN engage.shared_number.names IS 'Different names seen, as far as they were counted.';
SELECT pg_extension_config_dump('engage.shared_number', '');

CREATE FUNCTION engage_internal.is_shared_number(number text) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN EXISTS (SELECT FROM engage.known_number k WHERE k.number = is_shared_number.number
		AND engage_internal.is_impersonal(k.sharing))
	OR EXISTS (SELECT FROM engage.shared_number s WHERE s.number = is_shared_number.number)
		AND NOT EXISTS (SELECT FROM engage.known_number k WHERE k.number = is_shared_number.number
			AND k.sharing = 'personal');
COMMENT ON FUNCTION engage_internal.is_shared_number(text) IS
	'Whether a number in E.164 identifies nobody: a known payphone, communal or organisation number, or one that many names use. NULL for NULL.';

CREATE TABLE engage.link (
	persona_a uuid NOT NULL,
	persona_b uuid NOT NULL,
	weight double precision NOT NULL,
	score double precision NOT NULL,
	personas_a integer NOT NULL,
	personas_b integer NOT NULL,
	pairs bigint NOT NULL,
	agreeing bigint NOT NULL,
	PRIMARY KEY (persona_a, persona_b)
);
COMMENT ON TABLE engage.link IS
	'Evidence that two personas are one person: a caller of n personas has n - 1 links, which hold it together as a chain. Each joins two groups, and names the pair of personas with the most evidence. Made by refresh.';
COMMENT ON COLUMN engage.link.weight IS 'Evidence of this pair alone, in bits, the prior included: 0 is as likely as not.';
COMMENT ON COLUMN engage.link.score IS 'Evidence between the two groups, in bits; Infinity if it is not enough and a person decided.';
COMMENT ON COLUMN engage.link.personas_a IS 'Personas of the group with persona_a, when the groups were joined.';
COMMENT ON COLUMN engage.link.personas_b IS 'Personas of the group with persona_b.';
COMMENT ON COLUMN engage.link.pairs IS 'Pairs of personas between the groups.';
COMMENT ON COLUMN engage.link.agreeing IS 'Of these, pairs whose own evidence is not below 0.';
CREATE INDEX link_persona_b ON engage.link (persona_b);
SELECT pg_extension_config_dump('engage.link', '');

CREATE TABLE engage.link_decision (
	decision_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	is_same boolean NOT NULL,
	left_identifier text NOT NULL,
	right_identifier text NOT NULL,
	left_number text,
	right_number text,
	left_personas uuid[] NOT NULL,
	right_personas uuid[] NOT NULL,
	method engage.link_method NOT NULL,
	reason text NOT NULL CHECK (btrim(reason) <> ''),
	decided_at timestamptz NOT NULL DEFAULT now(),
	decided_by text NOT NULL DEFAULT SESSION_USER,
	revoked_at timestamptz,
	revoked_by text,
	revoked_reason text,
	CONSTRAINT link_decision_revocation CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)
		AND (revoked_at IS NULL) = (revoked_reason IS NULL))
);
COMMENT ON TABLE engage.link_decision IS
	'What people decided: that two identifiers belong to one caller, or that they do not. A decision overrides all evidence, now and later, until it is revoked. Made by confirm_link(), reject_link() and revoke_decision().';
COMMENT ON COLUMN engage.link_decision.left_identifier IS 'As it was given.';
COMMENT ON COLUMN engage.link_decision.left_number IS 'If it is a number: the decision also covers personas that present it later.';
COMMENT ON COLUMN engage.link_decision.left_personas IS 'The personas that had it then.';
SELECT pg_extension_config_dump('engage.link_decision', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.link_decision', 'decision_id')::regclass, '');

CREATE VIEW engage_internal.decided_persona AS
SELECT d.decision_id AS decision_id, d.is_same, s.side, p.persona_key
FROM engage.link_decision d,
	LATERAL (VALUES (0, d.left_number, d.left_personas), (1, d.right_number, d.right_personas)) s (side, number, personas),
	LATERAL (
		SELECT x.persona_key FROM engage.persona x WHERE x.persona_key = ANY (s.personas)
		UNION
		SELECT x.persona_key FROM engage.persona x
		WHERE x.number = s.number
			AND NOT (d.is_same AND EXISTS (SELECT FROM engage.persona y WHERE y.persona_key = ANY (s.personas)))
	) p
WHERE d.revoked_at IS NULL;
COMMENT ON VIEW engage_internal.decided_persona IS
	'The personas on either side of each decision that stands: those that the identifier had then. A decision that keeps apart also has those that present the number now; one that joins has these only if none of the others is left.';

CREATE INDEX link_decision_left ON engage.link_decision USING gin (left_personas);
CREATE INDEX link_decision_right ON engage.link_decision USING gin (right_personas);
CREATE INDEX link_decision_left_number ON engage.link_decision (left_number);
CREATE INDEX link_decision_right_number ON engage.link_decision (right_number);

-- The time of an index on arrays grows with the square of the number of keys, so many keys are compared with all decisions.
CREATE FUNCTION engage_internal.decisions_about(persona_keys uuid[]) RETURNS integer[]
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off SET enable_nestloop = off
BEGIN ATOMIC
	WITH number AS MATERIALIZED (
		SELECT DISTINCT p.number FROM engage.persona p WHERE p.persona_key = ANY (persona_keys) AND p.number IS NOT NULL
	)
	SELECT COALESCE(array_agg(DISTINCT about.decision_id), '{}')
	FROM (
		SELECT d.decision_id FROM engage.link_decision d
		WHERE cardinality(persona_keys) <= 1000 AND d.revoked_at IS NULL
			AND (d.left_personas && persona_keys OR d.right_personas && persona_keys
				OR d.left_number = ANY (ARRAY(SELECT n.number FROM number n)) OR d.right_number = ANY (ARRAY(SELECT n.number FROM number n)))
		UNION ALL
		SELECT d.decision_id FROM engage.link_decision d, unnest(d.left_personas || d.right_personas) side (persona_key)
		WHERE cardinality(persona_keys) > 1000 AND d.revoked_at IS NULL AND side.persona_key IN (SELECT unnest(persona_keys))
		UNION ALL
		SELECT d.decision_id FROM engage.link_decision d, unnest(ARRAY[d.left_number, d.right_number]) side (number)
		WHERE cardinality(persona_keys) > 1000 AND d.revoked_at IS NULL AND side.number IN (SELECT n.number FROM number n)
	) about;
END;
COMMENT ON FUNCTION engage_internal.decisions_about(uuid[]) IS
	'The decisions that stand and may have any of these personas on a side.';

CREATE TABLE engage.merge_event (
	event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL DEFAULT now(),
	kind text NOT NULL CHECK (kind = ANY (ARRAY['merge', 'split', 'move', 'lost'])),
	from_caller bigint NOT NULL,
	to_caller bigint,
	persona_keys uuid[] NOT NULL,
	evidence jsonb,
	model_id integer NOT NULL,
	run_id bigint
);
COMMENT ON TABLE engage.merge_event IS
	'Each change of personas from one caller to another, and why. Append-only. Made by refresh.';
COMMENT ON COLUMN engage.merge_event.kind IS
	'merge: everything that from_caller had went to to_caller; split: to_caller was made from these personas; move: they went from one caller to another; lost: their caller can no longer be identified.';
COMMENT ON COLUMN engage.merge_event.evidence IS
	'For merge and move, the links that hold these personas in to_caller; and the decisions of people that stood and name any of these personas.';
CREATE INDEX merge_event_personas ON engage.merge_event USING gin (persona_keys);
CREATE INDEX merge_event_from ON engage.merge_event (from_caller);
CREATE INDEX merge_event_to ON engage.merge_event (to_caller);
SELECT pg_extension_config_dump('engage.merge_event', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.merge_event', 'event_id')::regclass, '');

CREATE TABLE engage_internal.persona_gone (
	persona_key uuid PRIMARY KEY,
	caller_id bigint NOT NULL,
	gone_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE engage_internal.persona_gone IS
	'The callers of personas that have no contact left. If their contacts return, they belong to that caller again, unless it has other personas by then. Made by refresh.';
COMMENT ON COLUMN engage_internal.persona_gone.caller_id IS 'The caller to which it belonged when its last contact was removed.';
SELECT pg_extension_config_dump('engage_internal.persona_gone', '');

CREATE FUNCTION engage_internal.persona_blocks(model_id integer, persona_keys uuid[], OUT persona_key uuid, OUT block_key bigint, OUT rank bigint, OUT block_limit integer)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_persona_blocks' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5000;
COMMENT ON FUNCTION engage_internal.persona_blocks(integer, uuid[]) IS
	'The blocks of personas under a linkage model, and how many personas each block may have, NULL for the block of a number that identifies no person. For NULL, the blocks of all personas.';

CREATE FUNCTION engage_internal.reached_personas(model_id integer, persona_keys uuid[]) RETURNS uuid[]
	AS 'MODULE_PATHNAME', 'engage_reached_personas' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION engage_internal.reached_personas(integer, uuid[]) IS
	'Other personas that could be one person with any of these: those that share a block and enough evidence, or a number.';

CREATE FUNCTION engage_internal.cluster_personas(model_id integer, persona_keys uuid[],
		OUT persona_key uuid, OUT component uuid, OUT cluster uuid, OUT tells_caller boolean,
		OUT old_caller bigint, OUT old_component uuid, OUT shared_number text, OUT shared_names integer,
		OUT link_a uuid, OUT link_b uuid, OUT weight double precision, OUT score double precision,
		OUT personas_a integer, OUT personas_b integer, OUT pairs bigint, OUT agreeing bigint, OUT large_block bigint, OUT last_rank bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_cluster_personas' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5000;
COMMENT ON FUNCTION engage_internal.cluster_personas(integer, uuid[]) IS
	'Components and clusters of these personas, which must be whole components, or of all for NULL: a row for each persona, one for each link, and for all personas one for each block that is too large.';

CREATE FUNCTION engage_internal.former_callers(persona_key uuid, kinds text[], OUT event_id bigint, OUT caller_id bigint) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT e.event_id, e.from_caller
	FROM engage.merge_event e
	WHERE e.persona_keys @> ARRAY[former_callers.persona_key] AND e.kind = ANY (kinds)
		AND (SELECT p.caller_id FROM engage.persona p WHERE p.caller_id = e.from_caller LIMIT 1) IS NULL
	-- keeps this one lookup in an index per persona
	OFFSET 0;
END;
COMMENT ON FUNCTION engage_internal.former_callers(uuid, text[]) IS
	'The callers that a persona left by events of these kinds, and that no persona has now. Part of match_clusters_to_callers().';

-- Has no SET clause, so that it becomes part of the statement that calls it.
CREATE FUNCTION engage_internal.match_clusters_to_callers(model_id integer, persona_keys uuid[],
		OUT persona_key uuid, OUT component uuid, OUT cluster uuid, OUT is_back boolean, OUT held_id bigint, OUT old_id bigint,
		OUT new_id bigint, OUT wants_new boolean, OUT old_component uuid, OUT shared_number text, OUT shared_names integer,
		OUT link_a uuid, OUT link_b uuid, OUT weight double precision, OUT score double precision,
		OUT personas_a integer, OUT personas_b integer, OUT pairs bigint, OUT agreeing bigint, OUT large_block bigint, OUT last_rank bigint) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE ROWS 5000
BEGIN ATOMIC
	WITH gone AS MATERIALIZED (
		SELECT g.persona_key, g.caller_id FROM engage_internal.persona_gone g WHERE g.persona_key = ANY (match_clusters_to_callers.persona_keys)
		UNION ALL SELECT g.persona_key, g.caller_id FROM engage_internal.persona_gone g WHERE match_clusters_to_callers.persona_keys IS NULL
	), returned AS MATERIALIZED (
		-- back again: it returns to its former caller, unless another persona has that now
		SELECT g.persona_key, (SELECT c.caller_id FROM engage.caller c WHERE c.caller_id = g.caller_id
			AND (SELECT p.caller_id FROM engage.persona p WHERE p.caller_id = g.caller_id LIMIT 1) IS NULL) AS caller_id
		FROM gone g
	), member AS MATERIALIZED (
		SELECT r.*, g.persona_key IS NOT NULL AS is_back, COALESCE(r.old_caller, g.caller_id) AS old_id
		FROM engage_internal.cluster_personas(match_clusters_to_callers.model_id, match_clusters_to_callers.persona_keys) r
		LEFT JOIN returned g ON g.persona_key = r.persona_key
	), merged AS MATERIALIZED (
		-- from callers that are split: personas that came from another caller, which no persona has now
		SELECT DISTINCT m.persona_key
		FROM member m
		JOIN (SELECT x.old_id FROM member x WHERE x.old_id IS NOT NULL AND x.tells_caller GROUP BY x.old_id HAVING min(x.cluster::text) <> max(x.cluster::text)) s
			ON s.old_id = m.old_id
		CROSS JOIN LATERAL engage_internal.former_callers(m.persona_key, ARRAY['merge']) e
	), overlap AS MATERIALIZED (
		SELECT m.cluster, m.old_id, count(*) AS personas, count(*) FILTER (WHERE g.persona_key IS NULL) AS own
		FROM member m LEFT JOIN merged g ON g.persona_key = m.persona_key
		WHERE m.tells_caller AND m.old_id IS NOT NULL GROUP BY m.cluster, m.old_id
	), wish AS (
		SELECT DISTINCT ON (o.cluster) o.* FROM overlap o ORDER BY o.cluster, o.personas DESC, o.old_id
	), kept AS MATERIALIZED (
		-- a caller stays with the cluster that has most of its personas, not counting those that came by a merge
		SELECT DISTINCT ON (w.old_id) w.cluster, w.old_id AS caller_id FROM wish w
		ORDER BY w.old_id, w.own DESC, w.personas > w.own, w.personas DESC, w.cluster
	), homeless AS MATERIALIZED (
		SELECT m.cluster FROM member m WHERE m.tells_caller AND NOT EXISTS (SELECT FROM kept k WHERE k.cluster = m.cluster)
		GROUP BY m.cluster HAVING bool_or(m.old_component IS NOT NULL)
	), former AS MATERIALIZED (
		-- split off again, or identified again: the caller that it had before
		SELECT DISTINCT ON (f.caller_id) f.cluster, f.caller_id
		FROM (SELECT DISTINCT ON (h.cluster) h.cluster, e.caller_id, e.event_id
			FROM (SELECT x.cluster, m.persona_key FROM homeless x JOIN member m ON m.cluster = x.cluster OFFSET 0) h
			CROSS JOIN LATERAL engage_internal.former_callers(h.persona_key, ARRAY['merge', 'lost']) e
			WHERE NOT EXISTS (SELECT FROM kept k WHERE k.caller_id = e.caller_id)
			ORDER BY h.cluster, e.event_id DESC) f
		ORDER BY f.caller_id, f.event_id DESC
	)
	SELECT m.persona_key, m.component, m.cluster, m.is_back, m.old_caller, m.old_id, a.caller_id, m.tells_caller AND a.caller_id IS NULL,
		m.old_component, m.shared_number, m.shared_names,
		m.link_a, m.link_b, m.weight, m.score, m.personas_a, m.personas_b, m.pairs, m.agreeing, m.large_block, m.last_rank
	FROM member m LEFT JOIN (SELECT * FROM kept UNION ALL SELECT * FROM former) a ON a.cluster = m.cluster AND m.tells_caller;
END;
COMMENT ON FUNCTION engage_internal.match_clusters_to_callers(integer, uuid[]) IS
	'The result of cluster_personas(), with the caller of each persona: held_id is its present one, old_id also counts personas that are back (is_back) after their last contact was removed, new_id is that of its cluster; wants_new if the cluster needs a new one. A cluster gets the caller that had most of its personas, or else a former one. Writes nothing. Part of apply_linkage().';

CREATE FUNCTION engage_internal.write_shared_numbers(numbers engage.shared_number[], is_all boolean) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage.shared_number AS s (number, names) SELECT n.number, n.names FROM unnest(numbers) n
	ON CONFLICT (number) DO UPDATE SET names = excluded.names WHERE excluded.names > 0 AND s.names <> excluded.names;
	DELETE FROM engage.shared_number s
	WHERE is_all AND NOT EXISTS (SELECT FROM unnest(numbers) n WHERE n.number = s.number);
END;
COMMENT ON FUNCTION engage_internal.write_shared_numbers(engage.shared_number[], boolean) IS
	'Adds numbers to shared_number, or corrects how many names they have; if they are all there are, deletes the others. Part of apply_linkage().';

CREATE FUNCTION engage_internal.write_large_blocks(blocks engage_internal.block_large[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	DELETE FROM engage_internal.block_large b WHERE NOT EXISTS (SELECT FROM unnest(blocks) n WHERE n.block_key = b.block_key);
	INSERT INTO engage_internal.block_large AS b SELECT n.block_key, n.last_rank FROM unnest(blocks) n
	ON CONFLICT (block_key) DO UPDATE SET last_rank = excluded.last_rank WHERE b.last_rank <> excluded.last_rank;
END;
COMMENT ON FUNCTION engage_internal.write_large_blocks(engage_internal.block_large[]) IS
	'Makes these the rows of block_large. Part of apply_linkage().';

CREATE FUNCTION engage_internal.record_merges(merges engage.merge_event[], joints engage.link[], decided engage_internal.decided_persona[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	WITH moved AS MATERIALIZED (
		SELECT e.from_caller, e.to_caller, u.persona_key FROM unnest(merges) e, unnest(e.persona_keys) u (persona_key)
	), joint AS MATERIALIZED (
		SELECT l.persona_a, l.persona_b,
			jsonb_build_object('a', l.persona_a, 'b', l.persona_b, 'weight', round(l.weight::numeric, 2), 'score', l.score::text) AS link
		FROM unnest(joints) l
	), evidence AS (
		SELECT j.from_caller, j.to_caller, jsonb_agg(j.link) AS links
		FROM (SELECT m.from_caller, m.to_caller, x.link FROM joint x JOIN moved m ON m.persona_key = x.persona_a
			UNION ALL SELECT m.from_caller, m.to_caller, x.link FROM joint x JOIN moved m ON m.persona_key = x.persona_b) j
		GROUP BY j.from_caller, j.to_caller
	), decisions AS (
		SELECT m.from_caller, m.to_caller, jsonb_agg(DISTINCT d.decision_id) AS decisions
		FROM unnest(decided) d JOIN moved m ON m.persona_key = d.persona_key
		GROUP BY m.from_caller, m.to_caller
	)
	INSERT INTO engage.merge_event (kind, from_caller, to_caller, persona_keys, model_id, run_id, evidence)
	SELECT c.kind, c.from_caller, c.to_caller, c.persona_keys, c.model_id, c.run_id,
		NULLIF(jsonb_strip_nulls(jsonb_build_object('links', e.links, 'decisions', d.decisions)), '{}')
	FROM unnest(merges) c
	LEFT JOIN evidence e ON e.from_caller = c.from_caller AND e.to_caller = c.to_caller
	LEFT JOIN decisions d ON d.from_caller = c.from_caller AND d.to_caller IS NOT DISTINCT FROM c.to_caller
	ORDER BY c.from_caller, c.to_caller;
END;
COMMENT ON FUNCTION engage_internal.record_merges(engage.merge_event[], engage.link[], engage_internal.decided_persona[]) IS
	'Records that personas changed their caller, with the evidence: of the links given, those of these personas, and the decisions given about them. Part of apply_linkage().';

CREATE FUNCTION engage_internal.queue_periods_of(persona_keys uuid[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, rule_id, period_start, cause)
	SELECT DISTINCT 'period', r.rule_id, engage.period_start(at, r.top_period, o.zone), 'identity'
	FROM engage.policy o, engage.rule r, engage.persona_timeline t, engage.contact_times(t.timeline) at
	WHERE r.kind = 'top' AND t.persona_key = ANY (queue_periods_of.persona_keys);
END;
COMMENT ON FUNCTION engage_internal.queue_periods_of(uuid[]) IS
	'Queues the periods of rules of kind top in which these personas have contacts. Part of apply_linkage().';

CREATE FUNCTION engage_internal.write_callers(model_id integer, persona_keys uuid[], run_id bigint, OUT changed uuid[], OUT caller_ids bigint[],
		OUT numbers engage.shared_number[], OUT blocks engage_internal.block_large[],
		OUT merges engage.merge_event[], OUT joints engage.link[], OUT decided engage_internal.decided_persona[])
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	WITH matched AS MATERIALIZED (
		SELECT * FROM engage_internal.match_clusters_to_callers(write_callers.model_id, write_callers.persona_keys)
	), fresh AS MATERIALIZED (
		SELECT n.cluster, nextval('engage.caller_caller_id_seq'::regclass) AS caller_id
		FROM (SELECT m.cluster FROM matched m WHERE m.wants_new GROUP BY m.cluster ORDER BY m.cluster) n
	), made AS (
		INSERT INTO engage.caller (caller_id) OVERRIDING SYSTEM VALUE SELECT f.caller_id FROM fresh f
	), assigned AS MATERIALIZED (
		SELECT m.persona_key, m.component, m.held_id, m.old_id, m.old_component, COALESCE(m.new_id, f.caller_id) AS new_id
		FROM matched m LEFT JOIN fresh f ON f.cluster = m.cluster AND m.wants_new
		WHERE m.persona_key IS NOT NULL
	), changed AS MATERIALIZED (
		SELECT a.* FROM assigned a WHERE a.held_id IS DISTINCT FROM a.new_id OR a.old_id IS DISTINCT FROM a.new_id
	), back AS (
		DELETE FROM engage_internal.persona_gone g WHERE g.persona_key = ANY (ARRAY(SELECT m.persona_key FROM matched m WHERE m.is_back))
	), updated AS (
		-- written twice, so that a batch looks its personas up, and all personas are read in one pass
		UPDATE engage.persona p SET caller_id = a.new_id, component = a.component
		FROM assigned a
		WHERE p.persona_key = ANY (write_callers.persona_keys)
			AND p.persona_key = a.persona_key AND (a.held_id IS DISTINCT FROM a.new_id OR a.old_component IS DISTINCT FROM a.component)
	), all_updated AS (
		UPDATE engage.persona p SET caller_id = a.new_id, component = a.component
		FROM assigned a
		WHERE write_callers.persona_keys IS NULL
			AND p.persona_key = a.persona_key AND (a.held_id IS DISTINCT FROM a.new_id OR a.old_component IS DISTINCT FROM a.component)
	), links_gone AS (
		DELETE FROM engage.link l
		WHERE l.ctid = ANY (ARRAY(
			SELECT h.link_row
			FROM (SELECT x.ctid AS link_row, x.* FROM engage.link x WHERE x.persona_a = ANY (write_callers.persona_keys)
				UNION ALL SELECT x.ctid, x.* FROM engage.link x WHERE write_callers.persona_keys IS NULL) h
			WHERE NOT EXISTS (SELECT FROM matched m WHERE m.link_a = h.persona_a AND m.link_b = h.persona_b)))
	), links AS (
		INSERT INTO engage.link AS l
		SELECT m.link_a, m.link_b, m.weight, m.score, m.personas_a, m.personas_b, m.pairs, m.agreeing
		FROM matched m WHERE m.link_a IS NOT NULL
		ON CONFLICT (persona_a, persona_b) DO UPDATE
		SET weight = excluded.weight, score = excluded.score, personas_a = excluded.personas_a, personas_b = excluded.personas_b,
			pairs = excluded.pairs, agreeing = excluded.agreeing
		WHERE (l.weight, l.score, l.personas_a, l.personas_b, l.pairs, l.agreeing) IS DISTINCT FROM
			(excluded.weight, excluded.score, excluded.personas_a, excluded.personas_b, excluded.pairs, excluded.agreeing)
	), parted AS (
		SELECT x.old_id, x.new_id, array_agg(x.persona_key ORDER BY x.persona_key) AS persona_keys
		FROM changed x WHERE x.old_id IS NOT NULL AND x.old_id IS DISTINCT FROM x.new_id GROUP BY x.old_id, x.new_id
	)
	SELECT ARRAY(SELECT c.persona_key FROM changed c),
		ARRAY(SELECT c.old_id FROM changed c WHERE c.old_id IS NOT NULL UNION SELECT c.new_id FROM changed c WHERE c.new_id IS NOT NULL ORDER BY 1),
		ARRAY(SELECT ROW (m.shared_number, max(m.shared_names), NULL)::engage.shared_number
			FROM matched m WHERE m.shared_number IS NOT NULL GROUP BY m.shared_number),
		ARRAY(SELECT ROW (m.large_block, m.last_rank)::engage_internal.block_large FROM matched m WHERE m.large_block IS NOT NULL),
		ARRAY(SELECT ROW (NULL, NULL, CASE WHEN c.new_id IS NULL THEN 'lost' WHEN still.caller_id IS NULL THEN 'merge'
				WHEN before.caller_id IS NULL THEN 'split' ELSE 'move' END,
				c.old_id, c.new_id, c.persona_keys, NULL, write_callers.model_id, write_callers.run_id)::engage.merge_event
			FROM parted c
			LEFT JOIN (SELECT DISTINCT a.new_id AS caller_id FROM assigned a) still ON still.caller_id = c.old_id
			LEFT JOIN (SELECT DISTINCT a.new_id AS caller_id FROM assigned a WHERE a.old_id = a.new_id) before ON before.caller_id = c.new_id),
		ARRAY(SELECT ROW (m.link_a, m.link_b, m.weight, m.score, m.personas_a, m.personas_b, m.pairs, m.agreeing)::engage.link
			FROM matched m JOIN assigned a ON a.persona_key = m.link_a JOIN assigned b ON b.persona_key = m.link_b
			WHERE a.old_id IS DISTINCT FROM b.old_id),
		ARRAY(SELECT d FROM engage_internal.decided_persona d JOIN changed c ON c.persona_key = d.persona_key
			WHERE write_callers.persona_keys IS NULL OR d.decision_id = ANY (ARRAY(SELECT unnest(engage_internal.decisions_about(ARRAY(SELECT x.persona_key FROM changed x))))));
END;
COMMENT ON FUNCTION engage_internal.write_callers(integer, uuid[], bigint) IS
	'Writes the callers, personas and links of match_clusters_to_callers(), all in one statement with what it reads. Returns what the other steps of apply_linkage() need as of then: the personas whose caller changed and the callers that changed; shared numbers and large blocks; the personas that left a caller, as events without their evidence; links between personas that had different callers; and decisions about the personas that changed.';

-- No nested loops: the planner cannot estimate how many rows the core returns.  Tables are read by the given keys, or whole.
CREATE FUNCTION engage_internal.apply_linkage(model_id integer, persona_keys uuid[], run_id bigint) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
DECLARE
	written record;
BEGIN
	-- the only step that reads what others may be changing, so all its decisions are as of one snapshot
	SELECT * INTO written FROM engage_internal.write_callers(model_id, persona_keys, run_id);
	PERFORM engage_internal.write_shared_numbers(written.numbers, persona_keys IS NULL);
	IF persona_keys IS NULL THEN
		PERFORM engage_internal.write_large_blocks(written.blocks);
	END IF;
	PERFORM engage_internal.record_merges(written.merges, written.joints, written.decided);
	PERFORM engage_internal.queue_periods_of(written.changed);
	RETURN written.caller_ids;
END
$$;
COMMENT ON FUNCTION engage_internal.apply_linkage(integer, uuid[], bigint) IS
	'Clusters whole components, or all personas for NULL, and gives each cluster its caller: the one that had most of its personas, counting those that return to a caller with no others; or else a former one, or a new one. If a caller is split, personas that were merged into it return to the caller from which they came. Returns the callers that gained or lost personas. Part of refresh().';

CREATE FUNCTION engage_internal.settle_blocks(block_keys bigint[], block_limits integer[]) RETURNS uuid[]
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_seqscan = off
BEGIN ATOMIC
	WITH block AS MATERIALIZED (
		SELECT k.block_key, l.last_rank AS held, (
				-- the last hub, if there is a persona more than the block may have
				SELECT max(f.rank)
				FROM (
					SELECT h.rank FROM engage_internal.persona_block h
					WHERE h.block_key = k.block_key AND k.block_limit IS NOT NULL
						AND EXISTS (SELECT FROM engage_internal.persona_block m WHERE m.block_key = k.block_key OFFSET k.block_limit)
					ORDER BY h.rank LIMIT 20
				) f
			) AS wanted
		FROM (SELECT u.block_key, max(u.block_limit) AS block_limit FROM unnest(block_keys, block_limits) u (block_key, block_limit)
			GROUP BY u.block_key) k
		LEFT JOIN engage_internal.block_large l ON l.block_key = k.block_key
	), changed AS MATERIALIZED (
		SELECT b.* FROM block b WHERE b.held IS DISTINCT FROM b.wanted
	), gone AS (
		DELETE FROM engage_internal.block_large l USING changed c WHERE l.block_key = c.block_key AND c.wanted IS NULL
	), large AS (
		INSERT INTO engage_internal.block_large AS l SELECT c.block_key, c.wanted FROM changed c WHERE c.wanted IS NOT NULL
		ON CONFLICT (block_key) DO UPDATE SET last_rank = excluded.last_rank
	)
	SELECT COALESCE(array_agg(DISTINCT p.persona_key), '{}')
	FROM changed c, LATERAL (
		SELECT x.persona_key FROM engage_internal.persona_block x
		WHERE x.block_key = c.block_key
			AND (c.held IS NULL OR c.wanted IS NULL OR x.rank > LEAST(c.held, c.wanted) AND x.rank <= GREATEST(c.held, c.wanted))
		OFFSET 0
	) p;
END;
COMMENT ON FUNCTION engage_internal.settle_blocks(bigint[], integer[]) IS
	'Updates block_large for these blocks (block_limits: the most personas each may have, NULL for blocks that are not searched). Returns the personas whose set of candidates changed. Part of refresh().';

CREATE FUNCTION engage_internal.count_shared_numbers(model_id integer, numbers text[]) RETURNS text[]
	AS 'MODULE_PATHNAME', 'engage_count_shared_numbers' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION engage_internal.count_shared_numbers(integer, text[]) IS
	'Those of the numbers that many different names use, counted over all personas with them.';

CREATE FUNCTION engage_internal.doubt_shared_numbers(numbers text[]) RETURNS engage.shared_number[]
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET enable_seqscan = off
BEGIN ATOMIC
	-- one more persona can show that two names are one
	WITH gone AS (
		DELETE FROM engage.shared_number s
		WHERE s.number = ANY (numbers) AND s.number <> ALL (engage_internal.count_shared_numbers(engage.current_linkage_model(), ARRAY(
			SELECT x.number FROM engage.shared_number x WHERE x.number = ANY (numbers))))
		RETURNING s.number, s.names, s.found_at
	)
	SELECT array_agg(ROW (g.number, g.names, g.found_at)::engage.shared_number) FROM gone g;
END;
COMMENT ON FUNCTION engage_internal.doubt_shared_numbers(text[]) IS
	'Deletes from shared_number those of the numbers that are no longer shared, because personas with them came or went; returns the deleted rows, NULL if there are none. Part of refresh().';

CREATE FUNCTION engage_internal.take_personas_to_link(batch_size integer, only_key uuid, OUT named uuid[], OUT known uuid[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	WITH gone AS (
		DELETE FROM engage_internal.dirty q
		WHERE q.ctid = ANY (ARRAY(SELECT d.ctid FROM engage_internal.dirty d
			WHERE d.subject = 'identity' AND d.persona_key IS NOT NULL AND (only_key IS NULL OR d.persona_key = only_key)
			LIMIT CASE WHEN only_key IS NULL THEN batch_size END))
		RETURNING q.persona_key
	), wanted AS (
		SELECT DISTINCT g.persona_key FROM gone g
	)
	SELECT array_agg(n.persona_key) FILTER (WHERE EXISTS (SELECT FROM engage.persona p WHERE p.persona_key = n.persona_key)), array_agg(n.persona_key)
	INTO known, named
	FROM (
		SELECT n.persona_key FROM wanted n
		UNION SELECT other.persona_key
		FROM engage_internal.decided_persona other
		WHERE other.is_same AND other.decision_id = ANY (ARRAY(SELECT unnest(engage_internal.decisions_about(ARRAY(SELECT n.persona_key FROM wanted n)))))
	) n;
END
$$;
COMMENT ON FUNCTION engage_internal.take_personas_to_link(integer, uuid) IS
	'Deletes a batch of rows from the queue of personas to link, or those of one persona, and returns these personas and those that a decision joins with them: all (named), and those that have contacts (known). NULL if there are none. Part of link_batch().';

CREATE FUNCTION engage_internal.with_their_components(model_id integer, persona_keys uuid[]) RETURNS uuid[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	components uuid[];
BEGIN
	SELECT array_agg(DISTINCT p.component) INTO components
	FROM engage.persona p
	WHERE p.component IS NOT NULL AND p.persona_key = ANY (persona_keys || engage_internal.reached_personas(model_id, persona_keys) || ARRAY(
		-- whether a number is shared depends on all who have it
		SELECT y.persona_key
		FROM (SELECT DISTINCT x.number FROM engage.persona x
			WHERE x.persona_key = ANY (persona_keys) AND x.number IS NOT NULL
				AND NOT EXISTS (SELECT FROM engage.shared_number s WHERE s.number = x.number) OFFSET 0) n
		JOIN engage.persona y ON y.number = n.number));
	RETURN (SELECT array_agg(u.persona_key)
		FROM (SELECT unnest(persona_keys) UNION SELECT p.persona_key FROM engage.persona p WHERE p.component = ANY (components)) u (persona_key));
END
$$;
COMMENT ON FUNCTION engage_internal.with_their_components(integer, uuid[]) IS
	'These personas, and all in a component that has one of them, one that they reach, or one with a number of theirs that is not known to be shared. Part of link_batch().';

CREATE FUNCTION engage_internal.link_batch(batch_size integer, run_id bigint, only_key uuid DEFAULT NULL) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_seqscan = off
AS $$
DECLARE
	model integer := engage.current_linkage_model();
	taken uuid[];
	persona_keys uuid[];
	unsettled uuid[];
	doubtful engage.shared_number[];
	unshared text[];
	caller_ids bigint[];
BEGIN
	SELECT q.named, q.known INTO taken, persona_keys FROM engage_internal.take_personas_to_link(batch_size, only_key) q;
	PERFORM engage_internal.take_back('link', taken);
	IF persona_keys IS NULL THEN
		RETURN ARRAY[]::bigint[];
	END IF;
	doubtful := engage_internal.doubt_shared_numbers(ARRAY(SELECT p.number FROM engage.persona p WHERE p.persona_key = ANY (persona_keys)));

	INSERT INTO engage_internal.persona_block (block_key, rank, persona_key)
	SELECT b.block_key, b.rank, b.persona_key FROM engage_internal.persona_blocks(model, persona_keys) b
	WHERE NOT EXISTS (SELECT FROM engage_internal.persona_block x
		WHERE x.block_key = b.block_key AND x.rank = b.rank AND x.persona_key = b.persona_key);
	SELECT engage_internal.settle_blocks(array_agg(b.block_key), array_agg(b.block_limit)) INTO unsettled
	FROM engage_internal.persona_blocks(model, persona_keys) b;
	-- a persona whose number may no longer be shared may reach others by it
	SELECT array_agg(DISTINCT u.persona_key) INTO persona_keys
	FROM unnest(persona_keys || unsettled || ARRAY(
		SELECT p.persona_key FROM unnest(doubtful) d JOIN engage.persona p ON p.number = d.number)) u (persona_key);

	persona_keys := engage_internal.with_their_components(model, persona_keys);
	unshared := ARRAY(SELECT DISTINCT p.number FROM engage.persona p
		WHERE p.persona_key = ANY (persona_keys) AND p.number IS NOT NULL
			AND NOT EXISTS (SELECT FROM engage.shared_number s WHERE s.number = p.number));
	caller_ids := engage_internal.apply_linkage(model, persona_keys, run_id);
	-- a persona whose number is shared from now on may reach others, because the numbers no longer differ
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'identity', p.persona_key, 'shared number'
	FROM engage.shared_number s JOIN engage.persona p ON p.number = s.number
	WHERE s.number = ANY (unshared) AND NOT EXISTS (SELECT FROM unnest(doubtful) d WHERE d.number = s.number);
	UPDATE engage.shared_number s SET found_at = d.found_at FROM unnest(doubtful) d WHERE s.number = d.number;
	RETURN caller_ids;
END
$$;
COMMENT ON FUNCTION engage_internal.link_batch(integer, bigint, uuid) IS
	'Takes a batch of personas from the queue, or that one only, and links them: with the components that they reach, and no others. Returns the callers that changed. Part of refresh().';

CREATE FUNCTION engage_internal.link_all_personas(run_id bigint) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_nestloop = off
AS $$
DECLARE
	newest integer;
	caller_ids bigint[];
BEGIN
	-- first, so that the queue row of a model that is added now stays
	DELETE FROM engage_internal.dirty q WHERE q.subject = 'identity';
	SELECT max(m.model_id) INTO newest FROM engage.linkage_model m;
	-- if the blocking rules changed, no block stays
	IF (SELECT m.model -> 'blocking' FROM engage.linkage_model m WHERE m.model_id = newest)
			IS DISTINCT FROM (SELECT m.model -> 'blocking' FROM engage.linkage_model m WHERE m.model_id = engage.current_linkage_model()) THEN
		DELETE FROM engage_internal.persona_block;
	END IF;
	INSERT INTO engage.linkage_state AS s (model_id, fillers_learnt_on)
	SELECT newest, engage.local_date(now(), o.zone) FROM engage.policy o
	ON CONFLICT (one) DO UPDATE SET model_id = excluded.model_id, fillers_learnt_on = excluded.fillers_learnt_on
	WHERE (s.model_id, s.fillers_learnt_on) IS DISTINCT FROM (excluded.model_id, excluded.fillers_learnt_on);
	-- not by TRUNCATE, which a dump that began earlier would see
	WITH wanted AS MATERIALIZED (
		SELECT b.block_key, b.rank, b.persona_key FROM engage_internal.persona_blocks(newest, NULL) b
	), gone AS (
		DELETE FROM engage_internal.persona_block b
		WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.block_key = b.block_key AND w.persona_key = b.persona_key)
	)
	INSERT INTO engage_internal.persona_block (block_key, rank, persona_key)
	SELECT w.block_key, w.rank, w.persona_key FROM wanted w
	WHERE NOT EXISTS (SELECT FROM engage_internal.persona_block b WHERE b.block_key = w.block_key AND b.persona_key = w.persona_key)
	ORDER BY w.block_key, w.rank;
	/* point: before all are linked */
	caller_ids := engage_internal.apply_linkage(newest, NULL, run_id);
	/* point: all are linked */
	RETURN caller_ids;
END
$$;
COMMENT ON FUNCTION engage_internal.link_all_personas(bigint) IS
	'Links all personas again by the newest version of the linkage model, in one transaction: callers change together or not at all. Returns the callers that changed. Part of refresh().';

CREATE FUNCTION engage_internal.wants_linking_of_everything() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
RETURN engage_internal.waits_for_many('{identity}')
	OR NOT EXISTS (SELECT FROM engage.linkage_state)
	OR (SELECT count(*) FROM (SELECT FROM engage_internal.dirty q WHERE q.subject = 'identity' LIMIT 100001) w)
		> GREATEST(20000, LEAST(100000, 0.1 *
			(SELECT GREATEST(c.reltuples, 0) FROM pg_class c WHERE c.oid = 'engage.persona'::regclass)));
COMMENT ON FUNCTION engage_internal.wants_linking_of_everything() IS
	'Whether to link all personas again: there is a new model, or so many wait that one pass over all of them is quicker.';

CREATE FUNCTION engage_internal.identities_wait() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
RETURN EXISTS (SELECT FROM engage_internal.dirty q WHERE q.subject = 'identity');
COMMENT ON FUNCTION engage_internal.identities_wait() IS 'Whether personas wait to be linked.';

CREATE FUNCTION engage_internal.forget_personas(persona_keys uuid[]) RETURNS bigint[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
	empty uuid[];
	callers bigint[];
	block_keys bigint[];
	block_limits integer[];
	numbers text[];
	decisions integer[];
BEGIN
	SELECT array_agg(DISTINCT p.caller_id) FILTER (WHERE p.caller_id IS NOT NULL),
		array_agg(p.persona_key) FILTER (WHERE NOT EXISTS (SELECT FROM engage.persona_timeline t WHERE t.persona_key = p.persona_key))
	INTO callers, empty
	FROM engage.persona p WHERE p.persona_key = ANY (persona_keys);
	IF empty IS NULL THEN
		RETURN COALESCE(callers, '{}');
	END IF;

	-- this can join or split the rest of its component
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT DISTINCT 'identity', y.persona_key, 'persona gone'
	FROM (SELECT DISTINCT x.component FROM engage.persona x WHERE x.persona_key = ANY (empty) OFFSET 0) g
	JOIN engage.persona y ON y.component = g.component
	WHERE y.persona_key <> ALL (empty);
	numbers := ARRAY(SELECT x.number FROM engage.persona x WHERE x.persona_key = ANY (empty) AND x.number IS NOT NULL);
	decisions := ARRAY(SELECT d.decision_id FROM engage_internal.decided_persona d
		WHERE d.is_same AND d.persona_key = ANY (empty) AND d.decision_id = ANY (ARRAY(SELECT unnest(engage_internal.decisions_about(empty)))));
	DELETE FROM engage.link l WHERE l.persona_a = ANY (empty);
	DELETE FROM engage.link l WHERE l.persona_b = ANY (empty);

	WITH blocks AS MATERIALIZED (
		SELECT * FROM engage_internal.persona_blocks(engage.current_linkage_model(), empty) b WHERE engage.current_linkage_model() IS NOT NULL
	), gone AS (
		DELETE FROM engage_internal.persona_block b
		WHERE b.ctid = ANY (ARRAY(SELECT x.ctid FROM blocks k JOIN engage_internal.persona_block x
			ON x.block_key = k.block_key AND x.rank = k.rank AND x.persona_key = k.persona_key))
	)
	SELECT array_agg(k.block_key), array_agg(k.block_limit) INTO block_keys, block_limits FROM blocks k;
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'identity', u.persona_key, 'block'
	FROM unnest(engage_internal.settle_blocks(block_keys, block_limits)) u (persona_key) WHERE block_keys IS NOT NULL;

	WITH gone AS (
		DELETE FROM engage.persona p WHERE p.persona_key = ANY (empty) RETURNING p.persona_key, p.caller_id
	)
	INSERT INTO engage_internal.persona_gone (persona_key, caller_id)
	SELECT g.persona_key, g.caller_id FROM gone g WHERE g.caller_id IS NOT NULL
	ON CONFLICT (persona_key) DO UPDATE SET caller_id = excluded.caller_id, gone_at = excluded.gone_at;

	-- personas whose number may no longer be shared, and those that are now a side of a decision
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'identity', y.persona_key, 'persona gone'
	FROM unnest(engage_internal.doubt_shared_numbers(numbers)) n JOIN engage.persona y ON y.number = n.number
	UNION SELECT 'identity', d.persona_key, 'persona gone'
	FROM engage_internal.decided_persona d WHERE d.decision_id = ANY (decisions);
	RETURN COALESCE(callers, '{}');
END
$$;
COMMENT ON FUNCTION engage_internal.forget_personas(uuid[]) IS
	'Deletes the personas that have no counted contact left, notes their callers (persona_gone), and queues those linked through them for relinking. Returns the callers of all these personas. Part of refresh().';
