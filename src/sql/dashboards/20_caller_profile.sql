/*
 * A caller on one page: otherwise an analyst would need nine statements.
 */

CREATE FUNCTION engage_internal.local_text(at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT to_char(timezone(o.zone, local_text.at), 'Dy FMDD Mon YYYY HH24:MI') FROM engage.policy o;
END;
COMMENT ON FUNCTION engage_internal.local_text(timestamptz) IS 'A time as people read it, in policy.zone: Mon 3 Nov 2025 10:00. NULL for NULL.';

CREATE FUNCTION engage_internal.strength_of(score double precision) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN score IS NULL THEN NULL WHEN score = 'Infinity' THEN 'decided by a person'
	WHEN score >= 10 THEN 'very strong: over 1,000 to 1 that it is one person'
	WHEN score >= 5 THEN 'strong: over 30 to 1'
	WHEN score >= 2 THEN 'moderate: over 4 to 1'
	WHEN score >= 0 THEN 'weak: as likely as not, or little more'
	ELSE 'very weak: less likely than not by itself' END;
COMMENT ON FUNCTION engage_internal.strength_of(double precision) IS 'The evidence of a link, given in bits, in words: each bit doubles the odds.';

CREATE FUNCTION engage_internal.contacts_text(contacts numeric) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN contacts || CASE WHEN contacts = 1 THEN ' contact' ELSE ' contacts' END;
COMMENT ON FUNCTION engage_internal.contacts_text(numeric) IS 'A number of contacts in words: 1 contact, 2 contacts.';

CREATE FUNCTION engage_internal.profile_identity(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH detail AS (
		SELECT d.item, d.place, d.written, sum(d.contacts) AS contacts
		FROM (
			SELECT p.given_name, p.family_name, engage_internal.usable_date(p.date_of_birth) AS born, sum(engage.num_contacts(t.timeline)) AS contacts
			FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
			WHERE p.caller_id = profile_identity.caller_id
			GROUP BY p.persona_key
		) p
		CROSS JOIN LATERAL (VALUES
			('name', 1, NULLIF(concat_ws(' ', p.given_name, p.family_name), ''), p.contacts),
			('date of birth', 2, to_char(p.born, 'FMDD Mon YYYY'), p.contacts)) d (item, place, written, contacts)
		WHERE d.written IS NOT NULL
		GROUP BY d.item, d.place, d.written
		UNION ALL
		SELECT 'number', 3, concat_ws(', ', n.number, format('%s to %s', engage_internal.local_text(n.first_at), engage_internal.local_text(n.last_at)),
			replace(n.sharing::text, '_', ' '), n.label, CASE WHEN n.other_callers > 0 THEN 'also used by other callers: ' || n.other_callers END), n.contacts
		FROM engage.caller_number n WHERE n.caller_id = profile_identity.caller_id
	), ranked AS (
		SELECT d.*, row_number() OVER commonest AS rank, count(*) OVER (PARTITION BY d.place) AS all_of_it
		FROM detail d WINDOW commonest AS (PARTITION BY d.place ORDER BY d.contacts DESC, d.written)
	)
	SELECT 'who', r.item, CASE WHEN r.rank <= 10 THEN engage_internal.contacts_text(r.contacts) || ': ' || r.written ELSE 'and others: ' || r.all_of_it - 10 END
	FROM ranked r WHERE r.rank <= 11
	ORDER BY r.place, r.rank;
END;
COMMENT ON FUNCTION engage_internal.profile_identity(bigint) IS 'The names, dates of birth and numbers of a caller, the ten most common of each. Part of caller_profile(), for engage_identity.';

CREATE FUNCTION engage_internal.profile_contacts(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT r.section, r.item, r.value
	FROM (
		SELECT 1 AS part, sum(engage.num_contacts(t.timeline)) AS contacts, 'channels' AS section, COALESCE(k.label, t.channel::text) AS item,
			sum(engage.num_contacts(t.timeline))::text AS value
		FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
		LEFT JOIN engage.channel k ON k.channel = t.channel
		WHERE p.caller_id = profile_contacts.caller_id
		GROUP BY t.channel, k.label
		UNION ALL
		(SELECT 2, count(*), 'subjects', COALESCE(c.subject, c.opening_code, 'not recorded'), count(*)::text
		FROM engage.persona p JOIN engage_internal.counted_contact c ON c.persona_key = p.persona_key
		WHERE p.caller_id = profile_contacts.caller_id
		GROUP BY 4 ORDER BY 2 DESC, 4 LIMIT 10)
	) r
	ORDER BY r.part, r.contacts DESC, r.item;
END;
COMMENT ON FUNCTION engage_internal.profile_contacts(bigint) IS 'The channels of a caller''s contacts, and the ten most common subjects. Part of caller_profile().';

CREATE FUNCTION engage_internal.profile_flags(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'flags', format('%s version %s', r.name, r.version),
		CASE WHEN f.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN f.ended_at > now() - o.flag_current_for THEN 'current' ELSE 'past' END
			|| format(': met %s, %s to %s, most in a window %s', engage_internal.local_text(f.met_at), engage_internal.contacts_text(f.contacts), engage_internal.local_text(f.ended_at), f.peak)
			|| CASE WHEN cardinality(f.criteria_met) > 0 THEN '; ' || array_to_string(f.criteria_met, ', ') ELSE '' END
			|| COALESCE('; ' || f.withdrawn_reason, '')
	FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id CROSS JOIN engage.policy o
	WHERE f.caller_id = profile_flags.caller_id
	ORDER BY f.withdrawn_at IS NOT NULL, f.ended_at DESC, r.name, f.flag_id LIMIT 20;
END;
COMMENT ON FUNCTION engage_internal.profile_flags(bigint) IS 'The rules that a caller met, current ones first; 20 at most. Part of caller_profile().';

CREATE FUNCTION engage_internal.profile_links(caller_id bigint, with_identity boolean, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH own AS MATERIALIZED (
		SELECT l.* FROM engage.persona p JOIN engage.link l ON l.persona_a = p.persona_key WHERE p.caller_id = profile_links.caller_id
	)
	SELECT x.section, x.item, x.value
	FROM (
		SELECT 1 AS part, 0::double precision AS score, 'links' AS section, 'made of' AS item,
			CASE WHEN count(*) = 1 THEN 'one set of details' ELSE format('%s sets of details', count(*)) END || COALESCE((SELECT '; the weakest link is ' || engage_internal.strength_of(min(o.score)) FROM own o HAVING count(*) > 0), '') AS value
		FROM engage.persona p WHERE p.caller_id = profile_links.caller_id
		UNION ALL
		(SELECT 2, o.score, 'links', engage.persona_label(o.persona_a) || ' and ' || engage.persona_label(o.persona_b), engage_internal.strength_of(o.score)
		FROM own o
		WHERE with_identity AND engage.persona_label(o.persona_a) <> engage.persona_label(o.persona_b)
		ORDER BY o.score, 4 LIMIT 10)
	) x
	ORDER BY x.part, x.score, x.item;
END;
COMMENT ON FUNCTION engage_internal.profile_links(bigint, boolean) IS
	'How many sets of details make up a caller, and the ten weakest links between different identifiers. Part of caller_profile(); identifiers for engage_identity only.';

CREATE FUNCTION engage_internal.profile_referrals(caller_id bigint, with_identity boolean, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE once (id) AS (
		SELECT profile_referrals.caller_id
		UNION
		SELECT e.from_caller FROM once o JOIN engage.merge_event e ON e.to_caller = o.id WHERE e.kind = 'merge'
	)
	SELECT 'referrals', 'referral ' || r.referral_id,
		concat_ws(', ', engage_internal.local_text(r.referred_at), replace(r.review_status::text, '_', ' '), CASE WHEN with_identity THEN r.reason END)
	FROM once o JOIN engage.referral r ON r.caller_id = o.id
	WHERE engage.current_caller(r.caller_id) = profile_referrals.caller_id
	ORDER BY r.referred_at DESC, r.referral_id DESC LIMIT 10;
END;
COMMENT ON FUNCTION engage_internal.profile_referrals(bigint, boolean) IS 'The last ten referrals of a caller; the reason for engage_identity only. Part of caller_profile().';

CREATE FUNCTION engage_internal.profile_risk(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT x.section, x.item, x.value
	FROM (
		SELECT 1 AS part, 0::numeric AS contribution, 'risk' AS section, 'tier' AS item,
			format('%s (look at 1 first), as of %s', r.tier, engage_internal.local_text(r.as_of)) AS value
		FROM engage.risk r WHERE r.caller_id = profile_risk.caller_id
		UNION ALL
		SELECT 2, e.contribution, 'risk', e.axis || ': ' || e.label, format('%s points', trim_scale(round(e.contribution, 2)))
		FROM engage.caller_risk k CROSS JOIN LATERAL engage.explain_risk(k.caller_id) e
		WHERE k.caller_id = profile_risk.caller_id AND e.contribution <> 0
	) x
	ORDER BY x.part, x.contribution DESC, x.item;
END;
COMMENT ON FUNCTION engage_internal.profile_risk(bigint) IS 'The tier of a caller and what makes up its scores; no row for a caller without a score. Part of caller_profile().';

CREATE FUNCTION engage_internal.profile_last_contacts(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT 'last contacts', engage_internal.local_text(c.occurred_at),
		concat_ws(', ', COALESCE(k.label, c.channel::text), COALESCE(c.subject, c.opening_code), 'closed as ' || c.closing_code, c.district, c.source || ' ' || c.source_ref)
	FROM engage.persona p JOIN engage_internal.counted_contact c ON c.persona_key = p.persona_key LEFT JOIN engage.channel k ON k.channel = c.channel
	WHERE p.caller_id = profile_last_contacts.caller_id
	ORDER BY c.occurred_at DESC, c.contact_id DESC LIMIT 10;
END;
COMMENT ON FUNCTION engage_internal.profile_last_contacts(bigint) IS 'The last ten contacts of a caller. Part of caller_profile().';

-- definer: one page of what analysts and identity units may see piece by piece; SESSION_USER shows who is asking
CREATE FUNCTION engage.caller_profile(caller_id bigint, OUT section text, OUT item text, OUT value text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	who bigint := engage.current_caller(caller_profile.caller_id);
	sees_identity constant boolean := pg_has_role(SESSION_USER, 'engage_identity', 'USAGE');
	known engage.caller;
	local_zone text;
BEGIN
	IF who IS NULL THEN
		RAISE EXCEPTION 'there is no caller %', COALESCE(caller_profile.caller_id::text, 'NULL')
			USING ERRCODE = 'no_data_found',
				HINT = 'SELECT caller_id FROM engage.repeat_caller lists those who are flagged; engage.lookup(number) gives the callers of a number.';
	END IF;
	SELECT c.* INTO known FROM engage.caller c WHERE c.caller_id = who;
	SELECT o.zone INTO local_zone FROM engage.policy o;

	RETURN QUERY VALUES ('who', 'caller', who || CASE WHEN who <> caller_profile.caller_id THEN format('; caller %s was found to be the same person', caller_profile.caller_id) ELSE '' END);
	IF known.contacts = 0 THEN
		RETURN QUERY VALUES ('who', 'contacts', 'none any more');
		RETURN;
	END IF;
	RETURN QUERY VALUES
		('who', 'contacts', format('%s; in the last 24 hours %s, in 7 days %s, in 28 days %s', engage_internal.contacts_text(known.contacts),
			engage.num_contacts(engage.slice(known.timeline, now() - interval '24 hours', 'infinity')),
			engage.num_contacts(engage.slice(known.timeline, now() - interval '168 hours', 'infinity')),
			engage.num_contacts(engage.slice(known.timeline, now() - interval '672 hours', 'infinity')))),
		('who', 'first contact', engage_internal.local_text(known.first_at)),
		('who', 'last contact', engage_internal.local_text(known.last_at));
	IF sees_identity THEN
		RETURN QUERY SELECT p.* FROM engage_internal.profile_identity(who) p;
	ELSE
		RETURN QUERY VALUES ('who', 'names and numbers', 'are for members of engage_identity');
	END IF;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_contacts(who) p;
	RETURN QUERY VALUES ('when', 'first to last', engage.sparkline(known.timeline, 48));
	RETURN QUERY
	SELECT 'when', btrim(left(h.line, 3)), substr(h.line, 6)
	FROM regexp_split_to_table(engage.heatmap(known.timeline, local_zone), E'\n') WITH ORDINALITY h (line, place)
	WHERE h.line <> '' ORDER BY h.place;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_flags(who) p;
	RETURN QUERY
	SELECT 'markers', m.label, concat_ws(', ', m.basis::text, 'from ' || engage_internal.local_text(m.valid_from),
		CASE WHEN isfinite(m.valid_to) THEN 'to ' || engage_internal.local_text(m.valid_to) END, CASE WHEN sees_identity THEN m.source END)
	FROM engage.marker_now m WHERE m.caller_id = who AND (sees_identity OR NOT m.is_sensitive) ORDER BY m.valid_from DESC, m.label;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_links(who, sees_identity) p;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_referrals(who, sees_identity) p;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_risk(who) p;
	RETURN QUERY SELECT p.* FROM engage_internal.profile_last_contacts(who) p;
END
$$;
COMMENT ON FUNCTION engage.caller_profile(bigint) IS
	'A caller on one page, in reading order: who, channels, subjects, times (local hours of the week), flags, markers, links, referrals, risk, last contacts. A caller merged into another is followed there. Only members of engage_identity see names, dates of birth, numbers, sensitive markers and the reasons of referrals; analysts see the rest. An error (P0002) if there is no such caller.';
