/*
 * engage_bi_public: what may be shown to anybody.
 *
 * Counts of a local month are published once, when it is over, with small ones
 * suppressed.  The tables are stored, so that the decision stays: anyone who
 * could compare two versions of a month would see what changed in between.
 */

CREATE SCHEMA engage_bi_public;
COMMENT ON SCHEMA engage_bi_public IS 'Monthly counts that may be shown to anybody: small numbers are left out, and cannot be worked out from the rest.';

CREATE TABLE engage.publication (
	month_start date PRIMARY KEY CHECK (date_part('day', month_start) = 1),
	published_at timestamptz NOT NULL DEFAULT now(),
	version integer NOT NULL DEFAULT 1,
	minimum_cell integer NOT NULL,
	rule_label text,
	repeat_contacts integer
);
COMMENT ON TABLE engage.publication IS 'Local months whose counts are published. Written by publish_months().';
COMMENT ON COLUMN engage.publication.version IS 'How many times the month was published; anyone with two versions may work out suppressed counts.';
COMMENT ON COLUMN engage.publication.minimum_cell IS 'policy.minimum_cell when the month was published.';
COMMENT ON COLUMN engage.publication.rule_label IS 'The rule by which repeat callers are counted; NULL if no rule was in force at the end of the month.';
COMMENT ON COLUMN engage.publication.repeat_contacts IS 'Contacts of the force''s repeat callers in the month; NULL if suppressed.';
SELECT pg_extension_config_dump('engage.publication', '');

CREATE TABLE engage.published_count (
	month_start date,
	measure text CHECK (measure = ANY (ARRAY['contacts', 'repeat callers'])),
	level text,
	district_name text,
	channel_group text,
	count integer,
	is_suppressed boolean NOT NULL,
	PRIMARY KEY (month_start, measure, level, district_name, channel_group),
	CHECK (is_suppressed = (count IS NULL))
);
COMMENT ON TABLE engage.published_count IS 'The published counts. Suppressed counts are not stored. Written by publish_months().';
COMMENT ON COLUMN engage.published_count.month_start IS 'A month of publication. Not a foreign key: pg_restore --jobs ignores those between tables of an extension.';
COMMENT ON COLUMN engage.published_count.level IS 'What is counted: force, district, channel group, or district and channel group.';
SELECT pg_extension_config_dump('engage.published_count', '');

CREATE FUNCTION engage_internal.store_published(month_start date, measure text, districts text[], channel_groups text[], counts bigint[], minimum integer,
		weights bigint[]) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage.published_count (month_start, measure, level, district_name, channel_group, count, is_suppressed)
	SELECT month_start, measure,
		CASE WHEN s.row_no IS NULL AND s.column_no IS NULL THEN 'force' WHEN s.row_no IS NULL THEN 'channel group'
			WHEN s.column_no IS NULL OR channel_groups IS NULL THEN 'district' ELSE 'district and channel group' END,
		COALESCE(districts[s.row_no], 'All districts'), COALESCE(channel_groups[s.column_no], 'All channel groups'), s.count::integer, s.is_suppressed
	FROM engage.suppress_table(
		ARRAY(SELECT (i - 1) / COALESCE(cardinality(channel_groups), 1) + 1 FROM generate_series(1, cardinality(counts)) i ORDER BY i),
		ARRAY(SELECT (i - 1) % COALESCE(cardinality(channel_groups), 1) + 1 FROM generate_series(1, cardinality(counts)) i ORDER BY i),
		counts, minimum, weights) s
	-- the total of a single column would repeat the counts
	WHERE channel_groups IS NOT NULL OR (s.row_no IS NULL) = (s.column_no IS NULL);
END;
COMMENT ON FUNCTION engage_internal.store_published(date, text, text[], text[], bigint[], integer, bigint[]) IS
	'Stores the counts of a month and measure, by district and within it by channel group (NULL: by district only), after suppress_table(). A step of publish_months().';

CREATE FUNCTION engage_internal.publish_contacts(month_start date, minimum integer) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT engage_internal.store_published(month_start, 'contacts', d.names, g.names, ARRAY(
			SELECT COALESCE(sum(c.daily_contact_count), 0)::bigint
			FROM unnest(d.names) x (district_name) CROSS JOIN unnest(g.names) y (channel_group)
			LEFT JOIN (
				engage_bi.fact_contact_daily c
				JOIN engage_bi.dim_district i ON i.district_key = c.district_key
				JOIN engage_bi.dim_channel h ON h.channel_key = c.channel_key
			) ON i.district_name = x.district_name AND h.channel_group = y.channel_group
				AND c.date_key >= engage.date_key(month_start) AND c.date_key < engage.date_key((month_start + interval '1 month')::date)
			GROUP BY x.district_name, y.channel_group
			ORDER BY x.district_name, y.channel_group
		), minimum, NULL)
	FROM (SELECT array_agg(DISTINCT i.district_name ORDER BY i.district_name) AS names FROM engage_bi.dim_district i) d,
		(SELECT array_agg(DISTINCT h.channel_group ORDER BY h.channel_group) AS names FROM engage_bi.dim_channel h) g;
END;
COMMENT ON FUNCTION engage_internal.publish_contacts(date, integer) IS 'Stores the contacts of a month by district and channel group. A step of publish_months().';

CREATE FUNCTION engage_internal.publish_repeat_callers(month_start date, rule_key integer, minimum integer) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT engage_internal.store_published(month_start, 'repeat callers', array_agg(d.district_name ORDER BY d.district_name), NULL,
		array_agg(d.callers ORDER BY d.district_name), minimum, array_agg(d.weight ORDER BY d.district_name))
	FROM (
		SELECT i.district_name, COALESCE(sum(c.monthly_repeat_caller_count), 0)::bigint AS callers, COALESCE(max(p.count), 0)::bigint AS weight
		FROM engage_bi.dim_district i
		LEFT JOIN engage_bi.fact_repeat_caller_monthly c ON c.district_key = i.district_key AND c.rule_key = publish_repeat_callers.rule_key
			AND c.date_key = engage.date_key(publish_repeat_callers.month_start)
		LEFT JOIN engage.published_count p ON p.month_start = publish_repeat_callers.month_start AND p.measure = 'contacts' AND p.level = 'district'
			AND p.district_name = i.district_name
		GROUP BY i.district_name
	) d;
END;
COMMENT ON FUNCTION engage_internal.publish_repeat_callers(date, integer, integer) IS
	'Stores the repeat callers of a month and rule by district. Where more must be suppressed to protect a small count, districts with few published contacts go first. A step of publish_months().';

CREATE FUNCTION engage_internal.repeat_contacts_to_publish(month_start date, rule_key integer, minimum integer) RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT sum(c.monthly_repeat_contact_count)::integer
	FROM engage_bi.fact_repeat_caller_monthly c
	JOIN engage.published_count k ON k.month_start = repeat_contacts_to_publish.month_start AND k.measure = 'repeat callers' AND k.level = 'force'
	JOIN engage.published_count a ON a.month_start = repeat_contacts_to_publish.month_start AND a.measure = 'contacts' AND a.level = 'force'
	WHERE c.rule_key = repeat_contacts_to_publish.rule_key AND c.date_key = engage.date_key(repeat_contacts_to_publish.month_start)
		AND k.count IS NOT NULL
	GROUP BY a.count
	HAVING sum(c.monthly_repeat_contact_count) NOT BETWEEN 1 AND minimum - 1
		AND a.count - sum(c.monthly_repeat_contact_count) NOT BETWEEN 1 AND minimum - 1;
END;
COMMENT ON FUNCTION engage_internal.repeat_contacts_to_publish(date, integer, integer) IS
	'Contacts of the force''s repeat callers in a published month. NULL if these contacts, all other contacts or the repeat callers themselves are few, or if either total is suppressed. A step of publish_months().';

-- definer: publishes counts of data that the caller may not read
CREATE FUNCTION engage.publish_months(months date[] DEFAULT NULL, republish boolean DEFAULT false, settle interval DEFAULT '7 days') RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	today date;
	minimum integer;
	month date;
	last_version integer;
	rule record;
	published integer := 0;
BEGIN
	SELECT engage.local_date(now(), o.zone), o.minimum_cell INTO today, minimum FROM engage.policy o;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	LOCK TABLE engage.publication IN SHARE ROW EXCLUSIVE MODE;
	IF months IS NULL THEN
		months := ARRAY(SELECT DISTINCT date_trunc('month', k.day::timestamp)::date FROM engage.daily_count d JOIN engage.calendar k ON k.date_key = d.date_key
			WHERE date_trunc('month', k.day::timestamp) + interval '1 month' <= today - settle ORDER BY 1);
	END IF;
	FOREACH month IN ARRAY months LOOP
		IF month IS NULL OR date_part('day', month) <> 1 OR month + interval '1 month' > today THEN
			RAISE EXCEPTION '% is not the first day of a month that is over', COALESCE(month::text, 'NULL')
				USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT engage.publish_months(''{2026-01-01, 2026-02-01}'');';
		END IF;
		SELECT p.version INTO last_version FROM engage.publication p WHERE p.month_start = month;
		CONTINUE WHEN FOUND AND NOT republish;
		DELETE FROM engage.published_count p WHERE p.month_start = month;
		DELETE FROM engage.publication p WHERE p.month_start = month;
		SELECT r.rule_key, r.rule_label INTO rule FROM engage_bi.dim_rule r
		WHERE r.rule_key <> -1 AND r.rule_valid_from < month + interval '1 month' AND r.rule_valid_to >= month + interval '1 month'
		ORDER BY r.rule_key LIMIT 1;
		INSERT INTO engage.publication (month_start, version, minimum_cell, rule_label)
		VALUES (month, COALESCE(last_version, 0) + 1, minimum, rule.rule_label);
		PERFORM engage_internal.publish_contacts(month, minimum);
		IF rule.rule_key IS NOT NULL THEN
			PERFORM engage_internal.publish_repeat_callers(month, rule.rule_key, minimum);
			UPDATE engage.publication p SET repeat_contacts = engage_internal.repeat_contacts_to_publish(month, rule.rule_key, minimum) WHERE p.month_start = month;
		END IF;
		published := published + 1;
	END LOOP;
	RETURN published;
END
$$;
COMMENT ON FUNCTION engage.publish_months(date[], boolean, interval) IS
	'Publishes the counts of local months, given by their first days, with policy.minimum_cell, and returns how many it published. Without months: every month with contacts that ended at least settle ago. A published month stays as it is unless republish is true; anyone who kept the earlier version may then work out suppressed counts. The rule is the one in force at the end of the month; of several, the first set up. Errors: 22023 if a date is not the first day of a past month, 55000 before setup().';

CREATE VIEW engage_bi_public.contact_monthly AS
SELECT p.month_start, p.level AS count_level, p.district_name, p.channel_group, p.count AS contact_count, p.is_suppressed
FROM engage.published_count p
WHERE p.measure = 'contacts';
COMMENT ON VIEW engage_bi_public.contact_monthly IS 'Contacts by local month, district and channel group, with totals. Small counts are empty, and some others to protect them.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.month_start IS 'First day of the local month.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.count_level IS 'What is counted: force, district, channel group, or district and channel group. Sum only rows of one level.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.district_name IS 'Name of the district, or All districts.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.channel_group IS 'Group of channels: Emergency, Non-emergency telephone, Digital, Other, or All channel groups.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.contact_count IS 'Number of contacts; empty if suppressed.';
COMMENT ON COLUMN engage_bi_public.contact_monthly.is_suppressed IS 'Whether the count is left out: it is small, or would reveal one that is.';

CREATE VIEW engage_bi_public.repeat_caller_monthly AS
SELECT p.month_start, p.level AS count_level, p.district_name, b.rule_label, p.count AS repeat_caller_count, p.is_suppressed
FROM engage.published_count p
JOIN engage.publication b ON b.month_start = p.month_start
WHERE p.measure = 'repeat callers';
COMMENT ON VIEW engage_bi_public.repeat_caller_monthly IS 'Repeat callers by local month and district, with the force''s total. Small counts are empty, and some others to protect them.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.month_start IS 'First day of the local month.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.count_level IS 'What is counted: force or district. Sum only rows of one level.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.district_name IS 'Name of the district with most of the callers'' contacts, or All districts.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.rule_label IS 'Rule that makes somebody a repeat caller.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.repeat_caller_count IS 'Callers flagged by the rule on any day of the month; empty if suppressed.';
COMMENT ON COLUMN engage_bi_public.repeat_caller_monthly.is_suppressed IS 'Whether the count is left out: it is small, or would reveal one that is.';

CREATE VIEW engage_bi_public.published_month AS
SELECT p.month_start, timezone('UTC', p.published_at)::date AS published_on, p.version AS publication_version, p.minimum_cell AS minimum_count,
	p.rule_label, p.repeat_contacts AS repeat_contact_count
FROM engage.publication p;
COMMENT ON VIEW engage_bi_public.published_month IS 'The published months, and how each was published.';
COMMENT ON COLUMN engage_bi_public.published_month.month_start IS 'First day of the local month.';
COMMENT ON COLUMN engage_bi_public.published_month.published_on IS 'Day on which the month was published.';
COMMENT ON COLUMN engage_bi_public.published_month.publication_version IS 'How many times the month was published: 1 if once.';
COMMENT ON COLUMN engage_bi_public.published_month.minimum_count IS 'Counts from 1 to below this number are left out.';
COMMENT ON COLUMN engage_bi_public.published_month.rule_label IS 'Rule that makes somebody a repeat caller; empty if there was none.';
COMMENT ON COLUMN engage_bi_public.published_month.repeat_contact_count IS 'Contacts of the force''s repeat callers in the month; empty if suppressed.';
