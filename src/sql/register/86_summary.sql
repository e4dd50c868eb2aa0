/*
 * Summaries: what dashboards count, kept by refresh.
 *
 * Contacts are summed up by local day.  A statement that changes contacts
 * queues the quarter hours it touches (in every zone days begin at one), and
 * refresh recomputes the whole local days from contacts.  Who was on the
 * roster, and when, follows from flags and is computed with them, caller by
 * caller.  Nothing is added or subtracted, so a refresh equals a rebuild.
 */

CREATE FUNCTION engage.date_key(day date) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_char(day, 'YYYYMMDD')::integer;
COMMENT ON FUNCTION engage.date_key(date) IS 'A date as dashboards store it: 20260331.';

CREATE FUNCTION engage.local_date(at timestamptz, zone text) RETURNS date
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN LEAST(GREATEST(timezone(zone, at), '1900-01-01'::timestamp), '2199-12-31'::timestamp)::date;
COMMENT ON FUNCTION engage.local_date(timestamptz, text) IS 'The local date of a time, limited to 1900 to 2199, which every client can show.';

CREATE FUNCTION engage.is_abandoned(disconnected boolean, spoke_to_service boolean, confirmed_safe boolean) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN disconnected AND spoke_to_service IS NOT TRUE AND confirmed_safe IS NOT TRUE;
COMMENT ON FUNCTION engage.is_abandoned(boolean, boolean, boolean) IS
	'Whether a call was abandoned: disconnected, and not known to have spoken to a service or been confirmed safe. NULL if it is not known whether the call was disconnected.';

CREATE FUNCTION engage_internal.answer_seconds(occurred_at timestamptz, answered_at timestamptz) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN answered_at >= occurred_at AND answered_at <= occurred_at + '24:00:00'::interval
	THEN date_part('epoch', answered_at - occurred_at) END;
COMMENT ON FUNCTION engage_internal.answer_seconds(timestamptz, timestamptz) IS
	'Seconds until a contact was answered; NULL if it was not, or the time is before the contact or more than 24 hours after it.';

CREATE TABLE engage.calendar (
	date_key integer PRIMARY KEY,
	day date NOT NULL UNIQUE,
	starts_at timestamptz NOT NULL,
	ends_at timestamptz NOT NULL,
	-- stored, because a view would evaluate an expression of a dimension once per fact, not once per day
	calendar_year integer NOT NULL GENERATED ALWAYS AS (date_part('year', day)) STORED,
	quarter_number integer NOT NULL GENERATED ALWAYS AS (date_part('quarter', day)) STORED,
	month_number integer NOT NULL GENERATED ALWAYS AS (date_part('month', day)) STORED,
	month_name text NOT NULL GENERATED ALWAYS AS ((
		'{January,February,March,April,May,June,July,August,September,October,November,December}'::text[])[date_part('month', day)]) STORED,
	month_start date NOT NULL GENERATED ALWAYS AS (date_trunc('month', day::timestamp)) STORED,
	iso_year integer NOT NULL GENERATED ALWAYS AS (date_part('isoyear', day)) STORED,
	iso_week integer NOT NULL GENERATED ALWAYS AS (date_part('week', day)) STORED,
	week_start date NOT NULL GENERATED ALWAYS AS (date_trunc('week', day::timestamp)) STORED,
	day_of_week integer NOT NULL GENERATED ALWAYS AS (date_part('isodow', day)) STORED,
	day_name text NOT NULL GENERATED ALWAYS AS ((
		'{Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday}'::text[])[date_part('isodow', day)]) STORED,
	financial_year text NOT NULL GENERATED ALWAYS AS (
		date_part('year', day - interval '3 months')::integer::text || '/' || right(date_part('year', day + interval '9 months')::integer::text, 2)) STORED,
	financial_quarter integer NOT NULL GENERATED ALWAYS AS (date_part('quarter', day - interval '3 months')) STORED,
	hours_in_day integer NOT NULL GENERATED ALWAYS AS (date_part('epoch', ends_at - starts_at) / 3600) STORED
) WITH (parallel_workers = 4, fillfactor = 10);
-- The table is small, but what is joined to it is large: few days per page, so that workers share out the days.
COMMENT ON TABLE engage.calendar IS
	'The local days of the policy''s zone, without a gap: whole years, from the first contact to now. Made by refresh.';
COMMENT ON COLUMN engage.calendar.ends_at IS 'When the next day starts: 23, 24 or 25 hours later.';
COMMENT ON COLUMN engage.calendar.financial_year IS 'Financial year, April to March, such as 2025/26.';
SELECT pg_extension_config_dump('engage.calendar', '');

CREATE TABLE engage_internal.preset_hour (
	time_key integer PRIMARY KEY,
	label text NOT NULL,
	shift_name text NOT NULL,
	is_night boolean NOT NULL
);
COMMENT ON TABLE engage_internal.preset_hour IS 'Shipped labels for the hours of a day.';
COMMENT ON COLUMN engage_internal.preset_hour.time_key IS 'Local hour, 0 to 23.';
INSERT INTO engage_internal.preset_hour (time_key, label, shift_name, is_night)
SELECT g.hour, lpad(g.hour::text, 2, '0') || ':00-' || lpad(g.hour::text, 2, '0') || ':59',
	CASE WHEN g.hour BETWEEN 7 AND 14 THEN 'Early' WHEN g.hour BETWEEN 15 AND 22 THEN 'Late' ELSE 'Night' END, g.hour NOT BETWEEN 7 AND 22
FROM generate_series(0, 23) g (hour);

CREATE VIEW engage.today WITH (security_barrier) AS
SELECT engage.local_date(now(), o.zone) AS day FROM engage.policy o;
COMMENT ON VIEW engage.today IS 'Today in the policy''s zone.';
COMMENT ON COLUMN engage.today.day IS 'The local day.';

CREATE TABLE engage.feed (
	feed_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL UNIQUE
);
COMMENT ON TABLE engage.feed IS 'Sources of contacts, numbered in the order in which they first appear. Made by refresh.';
SELECT pg_extension_config_dump('engage.feed', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.feed', 'feed_key')::regclass, '');

CREATE TABLE engage.daily_count (
	date_key integer,
	channel_key integer,
	contact_type_key integer,
	district_key integer,
	contacts integer NOT NULL,
	answered integer NOT NULL,
	answered_within_10s integer NOT NULL,
	abandoned integer NOT NULL,
	answer_seconds double precision NOT NULL,
	handling_seconds double precision NOT NULL,
	deployed integer NOT NULL,
	incidents integer NOT NULL,
	abandoned_known integer NOT NULL DEFAULT 0,
	deployed_known integer NOT NULL DEFAULT 0,
	PRIMARY KEY (date_key, channel_key, contact_type_key, district_key)
);
COMMENT ON TABLE engage.daily_count IS 'Counted contacts by local day, channel, type and district. Made by refresh.';
COMMENT ON COLUMN engage.daily_count.abandoned_known IS 'Contacts for which it is known whether they were abandoned.';
COMMENT ON COLUMN engage.daily_count.deployed_known IS 'Contacts for which it is known whether officers were sent.';
SELECT pg_extension_config_dump('engage.daily_count', '');

CREATE TABLE engage.hourly_count (
	date_key integer,
	time_key integer,
	channel_key integer,
	district_key integer,
	contacts integer NOT NULL,
	answered integer NOT NULL,
	answer_seconds double precision NOT NULL,
	handling_seconds double precision NOT NULL,
	PRIMARY KEY (date_key, time_key, channel_key, district_key)
);
COMMENT ON TABLE engage.hourly_count IS 'Counted contacts by local day, hour, channel and district. Made by refresh.';
SELECT pg_extension_config_dump('engage.hourly_count', '');

CREATE TABLE engage.feed_count (
	date_key integer,
	feed_key integer,
	contacts integer NOT NULL,
	last_at timestamptz NOT NULL,
	last_recorded_at timestamptz NOT NULL,
	delay_seconds double precision NOT NULL,
	without_details integer NOT NULL,
	district_not_listed integer NOT NULL,
	code_not_listed integer NOT NULL,
	without_handling_time integer NOT NULL,
	without_district integer NOT NULL,
	recorded_late integer NOT NULL,
	PRIMARY KEY (date_key, feed_key)
);
COMMENT ON TABLE engage.feed_count IS 'Counted contacts by local day and source, and how many lack each detail. Made by refresh.';
COMMENT ON COLUMN engage.feed_count.delay_seconds IS 'Seconds from occurred_at to recorded_at, summed over the contacts.';
COMMENT ON COLUMN engage.feed_count.recorded_late IS 'Contacts recorded more than a day after they occurred.';
SELECT pg_extension_config_dump('engage.feed_count', '');

CREATE TABLE engage_internal.caller_pseudonym (
	caller_key integer PRIMARY KEY,
	caller_id bigint UNIQUE,
	label text COLLATE "C" NOT NULL UNIQUE
		GENERATED ALWAYS AS (CASE WHEN caller_key = -1 THEN 'Not known' ELSE 'C-' || lpad(to_hex(caller_key), 8, '0') END) STORED,
	secret bigint NOT NULL DEFAULT ('x' || left(md5(gen_random_uuid()::text), 16))::bit(64)::bigint,
	CHECK ((caller_key = -1) = (caller_id IS NULL))
);
COMMENT ON TABLE engage_internal.caller_pseudonym IS
	'The keys that stand for callers in dashboards. They are random; only this table maps them to callers. -1 is the unknown caller. forget_caller_key() erases a key. Made by refresh.';
COMMENT ON COLUMN engage_internal.caller_pseudonym.label IS 'The key in a form to read out and search for.';
COMMENT ON COLUMN engage_internal.caller_pseudonym.secret IS
	'A random number chosen with the key. The keys of the caller''s contacts and flags in dashboards are made from it, and change with it.';
INSERT INTO engage_internal.caller_pseudonym (caller_key, secret) VALUES (-1, 0);
SELECT pg_extension_config_dump('engage_internal.caller_pseudonym', 'WHERE caller_id IS NOT NULL');

CREATE TABLE engage.roster (
	rule_id integer,
	caller_id bigint,
	spell_no integer,
	first_day date NOT NULL,
	last_day date NOT NULL,
	district_key integer NOT NULL,
	PRIMARY KEY (caller_id, rule_id, spell_no)
);
COMMENT ON TABLE engage.roster IS
	'When callers were flagged by a rule, in unbroken spells of local days: from the day on which the rule was met to the last day at whose end the flag was current (policy.flag_current_for). Made by refresh.';
COMMENT ON COLUMN engage.roster.spell_no IS '1 for the first spell; 2 or more if the caller returned.';
COMMENT ON COLUMN engage.roster.district_key IS 'The listed district with most of the caller''s contacts; -1 if there is none.';
CREATE INDEX roster_last_day ON engage.roster (last_day);
SELECT pg_extension_config_dump('engage.roster', '');

CREATE TABLE engage.roster_month (
	rule_id integer,
	caller_id bigint,
	month_start date,
	contacts integer NOT NULL,
	district_key integer NOT NULL,
	is_new boolean NOT NULL,
	is_returned boolean NOT NULL,
	is_dropped boolean NOT NULL,
	PRIMARY KEY (caller_id, rule_id, month_start)
);
COMMENT ON TABLE engage.roster_month IS 'Callers on the roster on any day of a local month, and their counted contacts in that month. Made by refresh.';
COMMENT ON COLUMN engage.roster_month.is_new IS 'Whether the caller''s first spell began in the month.';
COMMENT ON COLUMN engage.roster_month.is_returned IS 'Whether a later spell began in the month.';
COMMENT ON COLUMN engage.roster_month.is_dropped IS 'Whether the caller was no longer on the roster at the end of the month.';
SELECT pg_extension_config_dump('engage.roster_month', '');

CREATE TABLE engage.monthly_concentration (
	month_start date PRIMARY KEY,
	concentration engage.concentration NOT NULL,
	as_of timestamptz NOT NULL
);
COMMENT ON TABLE engage.monthly_concentration IS
	'How the contacts of a local month are spread over callers, as known at as_of. All months are recomputed once a day. Made by refresh.';
SELECT pg_extension_config_dump('engage.monthly_concentration', '');

CREATE FUNCTION engage_internal.counted_contacts(from_at timestamptz, to_at timestamptz,
		OUT occurred_at timestamptz, OUT recorded_at timestamptz, OUT date_key integer, OUT time_key integer, OUT channel_key integer,
		OUT contact_type_key integer, OUT district_key integer, OUT source text, OUT has_details boolean, OUT has_district boolean, OUT has_code boolean,
		OUT answer_seconds double precision, OUT handling_seconds integer, OUT is_abandoned boolean,
		OUT deployed boolean, OUT has_incident boolean) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
	SELECT c.occurred_at, LEAST(GREATEST(c.recorded_at, c.occurred_at), '2199-12-31'::timestamptz), d.date_key, date_part('hour', timezone(o.zone, c.occurred_at))::integer, h.channel_key,
		COALESCE(i.contact_type_key, -1), COALESCE(x.district_key, -1), c.source, c.persona_key IS NOT NULL, c.district IS NOT NULL,
		COALESCE(c.closing_code, c.opening_code) IS NOT NULL,
		engage_internal.answer_seconds(c.occurred_at, c.answered_at),
		CASE WHEN c.handling_seconds >= 0 THEN c.handling_seconds END,
		engage.is_abandoned(c.disconnected, c.spoke_to_service, c.confirmed_safe), c.deployed, c.incident_ref IS NOT NULL
	FROM engage.policy o
	CROSS JOIN (
		-- kept apart, so that no partial index is used: its size is unknown while tables are filled for the first time
		SELECT x.* FROM engage.contact x
		WHERE timezone('UTC', x.occurred_at) >= timezone('UTC', from_at) AND timezone('UTC', x.occurred_at) < timezone('UTC', to_at)
			AND x.occurred_at >= engage.first_counted() AND x.occurred_at <= now()
		OFFSET 0
	) c
	JOIN engage.calendar d ON d.day = timezone(o.zone, c.occurred_at)::date AND d.starts_at < to_at AND d.ends_at > from_at
	JOIN engage.preset_channel h ON h.channel = c.channel
	LEFT JOIN engage.incident_code i ON i.code = COALESCE(c.closing_code, c.opening_code)
	LEFT JOIN engage.district x ON x.district = c.district
	WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL;
END;
COMMENT ON FUNCTION engage_internal.counted_contacts(timestamptz, timestamptz) IS
	'The counted contacts from one time up to another, and up to now, as the summaries use them, for days in the calendar. An answer before the contact, or more than 24 hours after it, counts as not known. recorded_at is never before the contact.';

CREATE FUNCTION engage_internal.expected_counts(from_at timestamptz, to_at timestamptz,
		OUT grain text, OUT date_key integer, OUT time_key integer, OUT channel_key integer, OUT contact_type_key integer, OUT district_key integer, OUT source text,
		OUT contacts integer, OUT answered integer, OUT answered_within_10s integer, OUT abandoned integer, OUT answer_seconds double precision,
		OUT handling_seconds double precision, OUT deployed integer, OUT incidents integer, OUT last_at timestamptz, OUT last_recorded_at timestamptz,
		OUT delay_seconds double precision, OUT without_details integer, OUT district_not_listed integer, OUT code_not_listed integer,
		OUT without_handling_time integer, OUT without_district integer, OUT recorded_late integer, OUT abandoned_known integer, OUT deployed_known integer) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 5000
BEGIN ATOMIC
	-- seconds are added up as whole milliseconds, so that the order of contacts makes no difference
	SELECT CASE WHEN GROUPING(c.contact_type_key) = 0 THEN 'day' WHEN GROUPING(c.time_key) = 0 THEN 'hour' ELSE 'feed' END,
		c.date_key, c.time_key, c.channel_key, c.contact_type_key, c.district_key, c.source, count(*)::integer, count(c.answer_seconds)::integer,
		(count(*) FILTER (WHERE c.answer_seconds < 10))::integer, (count(*) FILTER (WHERE c.is_abandoned))::integer,
		COALESCE(sum(round(c.answer_seconds * 1000)::bigint), 0)::double precision / 1000, COALESCE(sum(c.handling_seconds), 0)::double precision,
		(count(*) FILTER (WHERE c.deployed))::integer, (count(*) FILTER (WHERE c.has_incident))::integer, max(c.occurred_at), max(c.recorded_at),
		sum(round(date_part('epoch', c.recorded_at - c.occurred_at) * 1000)::bigint)::double precision / 1000,
		(count(*) FILTER (WHERE NOT c.has_details))::integer, (count(*) FILTER (WHERE c.has_district AND c.district_key = -1))::integer,
		(count(*) FILTER (WHERE c.has_code AND c.contact_type_key = -1))::integer, (count(*) FILTER (WHERE c.handling_seconds IS NULL))::integer,
		(count(*) FILTER (WHERE NOT c.has_district))::integer, (count(*) FILTER (WHERE c.recorded_at > c.occurred_at + interval '24 hours'))::integer,
		count(c.is_abandoned)::integer, count(c.deployed)::integer
	FROM engage_internal.counted_contacts(from_at, to_at) c
	GROUP BY GROUPING SETS ((c.date_key, c.channel_key, c.contact_type_key, c.district_key), (c.date_key, c.time_key, c.channel_key, c.district_key), (c.date_key, c.source));
END;
COMMENT ON FUNCTION engage_internal.expected_counts(timestamptz, timestamptz) IS
	'What the summaries should hold for the contacts from one time up to another: the rows of daily_count (grain day), hourly_count (hour) and feed_count (feed).';

CREATE FUNCTION engage_internal.fill_calendar(first date, last date) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage.calendar AS k (date_key, day, starts_at, ends_at)
	SELECT engage.date_key(d.day), d.day, timezone(o.zone, d.day::timestamp), timezone(o.zone, (d.day + 1)::timestamp)
	FROM engage.policy o, LATERAL (
			SELECT LEAST(min(x.day), fill_calendar.first) AS first, GREATEST(max(x.day), fill_calendar.last) AS last FROM engage.calendar x
		) span, LATERAL (
			SELECT g::date AS day
			FROM generate_series(date_trunc('year', span.first::timestamp), date_trunc('year', span.last::timestamp) + interval '1 year' - interval '1 day', interval '1 day') g
		) d
	ON CONFLICT (date_key) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at
		WHERE (k.starts_at, k.ends_at) IS DISTINCT FROM (excluded.starts_at, excluded.ends_at);
END;
COMMENT ON FUNCTION engage_internal.fill_calendar(date, date) IS
	'Extends the calendar to the whole years of two days, in the policy''s zone, without a gap. Part of refresh().';

CREATE FUNCTION engage_internal.sum_up_day(day date) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off
AS $$
DECLARE
	known engage.calendar;
BEGIN
	SELECT k.* INTO known FROM engage.calendar k WHERE k.day = sum_up_day.day;
	IF NOT FOUND THEN
		PERFORM engage_internal.fill_calendar(day, day);
		SELECT k.* INTO known FROM engage.calendar k WHERE k.day = sum_up_day.day;
	END IF;
	DELETE FROM engage.daily_count d WHERE d.date_key = known.date_key;
	DELETE FROM engage.hourly_count d WHERE d.date_key = known.date_key;
	DELETE FROM engage.feed_count d WHERE d.date_key = known.date_key;
	WITH anew AS MATERIALIZED (
		SELECT * FROM engage_internal.expected_counts(known.starts_at, known.ends_at)
	), days AS (
		INSERT INTO engage.daily_count
		SELECT a.date_key, a.channel_key, a.contact_type_key, a.district_key, a.contacts, a.answered, a.answered_within_10s, a.abandoned,
			a.answer_seconds, a.handling_seconds, a.deployed, a.incidents, a.abandoned_known, a.deployed_known
		FROM anew a WHERE a.grain = 'day'
	), hours AS (
		INSERT INTO engage.hourly_count
		SELECT a.date_key, a.time_key, a.channel_key, a.district_key, a.contacts, a.answered, a.answer_seconds, a.handling_seconds
		FROM anew a WHERE a.grain = 'hour'
	), new_feed AS (
		INSERT INTO engage.feed (source)
		SELECT a.source FROM anew a WHERE a.grain = 'feed' AND NOT EXISTS (SELECT FROM engage.feed f WHERE f.source = a.source)
		RETURNING feed_key, source
	)
	INSERT INTO engage.feed_count
	SELECT a.date_key, f.feed_key, a.contacts, a.last_at, a.last_recorded_at, a.delay_seconds, a.without_details, a.district_not_listed,
		a.code_not_listed, a.without_handling_time, a.without_district, a.recorded_late
	FROM anew a JOIN (SELECT x.feed_key, x.source FROM engage.feed x UNION ALL SELECT n.feed_key, n.source FROM new_feed n) f ON f.source = a.source
	WHERE a.grain = 'feed';
END
$$;
COMMENT ON FUNCTION engage_internal.sum_up_day(date) IS 'Recomputes the summaries of a local day from contacts. Part of refresh().';

CREATE FUNCTION engage_internal.next_contact(from_at timestamptz, to_at timestamptz, after timestamptz DEFAULT '-infinity') RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE SET enable_seqscan = off
BEGIN ATOMIC
	SELECT c.occurred_at FROM engage_internal.countable_contact c
	WHERE timezone('UTC', c.occurred_at) >= timezone('UTC', from_at) AND timezone('UTC', c.occurred_at) < timezone('UTC', to_at)
		AND timezone('UTC', c.occurred_at) > timezone('UTC', after)
	ORDER BY timezone('UTC', c.occurred_at) LIMIT 1;
END;
COMMENT ON FUNCTION engage_internal.next_contact(timestamptz, timestamptz, timestamptz) IS
	'When the first counted contact happens from from_at up to but not including to_at, later than after; NULL if there is none. Part of refresh().';

CREATE FUNCTION engage_internal.take_day(queued timestamptz) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	day date;
	day_starts timestamptz;
	day_ends timestamptz;
	place_zone constant text := (SELECT o.zone FROM engage.policy o);
	to_come timestamptz;
BEGIN
	IF queued < '1899-12-01' OR queued > '2200-02-01' THEN
		-- not a local day that is summed up, and perhaps not one that can be computed
		DELETE FROM engage_internal.dirty q WHERE q.subject = 'day' AND (q.period_start < '1899-12-01' OR q.period_start > '2200-02-01');
		RETURN;
	END IF;
	day := timezone(place_zone, queued)::date;
	day_starts := timezone(place_zone, day::timestamp);
	day_ends := timezone(place_zone, (day + 1)::timestamp);
	DELETE FROM engage_internal.dirty q
	WHERE q.subject = 'day' AND q.period_start >= LEAST(day_starts, queued) AND q.period_start < day_ends /* point: which days go */;
	DELETE FROM engage.set_aside a WHERE a.stage = 'day' AND a.period_start >= LEAST(day_starts, queued) AND a.period_start < day_ends;
	IF day BETWEEN '1900-01-01' AND '2199-12-31' THEN
		-- a day that is not in the calendar, and has no contacts left, has no summary either
		IF EXISTS (SELECT FROM engage.calendar k WHERE k.day = timezone(place_zone, queued)::date)
				OR engage_internal.next_contact(day_starts, day_ends) <= now() THEN
			/* point: between the queue and days */
			PERFORM engage_internal.sum_up_day(day);
			/* point: a day is summed up */
		END IF;
		DELETE FROM engage_internal.later l WHERE l.period_start >= LEAST(day_starts, queued) AND l.period_start < day_ends;
		IF day_ends > now() THEN
			to_come := engage_internal.next_contact(day_starts, day_ends, after => now());
			INSERT INTO engage_internal.later (subject, period_start, due_at) SELECT 'day', engage_internal.quarter_hour(to_come), to_come WHERE to_come IS NOT NULL;
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.take_day(timestamptz) IS
	'Takes one queued local day from the queue, with all its rows, and sums it up. Days before 1900 and after 2199 are in no summary; a future day waits for its first contact. Part of refresh().';

CREATE FUNCTION engage_internal.queue_days() RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	INSERT INTO engage_internal.dirty (subject, period_start, cause)
	SELECT DISTINCT 'day', engage_internal.quarter_hour(c.occurred_at), 'everything' FROM engage.contact c
	UNION
	SELECT 'day', k.starts_at, 'everything' FROM engage.calendar k
	WHERE k.date_key IN (SELECT d.date_key FROM engage.daily_count d);
END;
COMMENT ON FUNCTION engage_internal.queue_days() IS 'Queues every day that has, or had, contacts. Part of refresh().';

CREATE FUNCTION engage_internal.trim_calendar() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
	today date;
	first_day date;
	gone integer[];
BEGIN
	SELECT engage.local_date(now(), o.zone), LEAST(engage.local_date(now(), o.zone),
		engage.local_date(engage_internal.next_contact(engage.first_counted(), 'infinity'), o.zone))
	INTO today, first_day FROM engage.policy o;
	-- without contacts there are no summaries to keep
	WITH trimmed AS (
		DELETE FROM engage.calendar k
		WHERE k.day < date_trunc('year', first_day::timestamp) OR k.day >= date_trunc('year', today::timestamp) + interval '1 year'
		RETURNING k.date_key
	)
	SELECT array_agg(t.date_key) INTO gone FROM trimmed t;
	DELETE FROM engage.daily_count d WHERE d.date_key = ANY (gone);
	DELETE FROM engage.hourly_count d WHERE d.date_key = ANY (gone);
	DELETE FROM engage.feed_count d WHERE d.date_key = ANY (gone);
END
$$;
COMMENT ON FUNCTION engage_internal.trim_calendar() IS
	'Removes years before the first contact and after this year from the calendar, left when a contact was corrected or deleted. Part of refresh().';

CREATE FUNCTION engage_internal.assign_pseudonyms(caller_ids bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	keyless bigint[] := ARRAY(SELECT c.caller_id FROM engage.caller c
		WHERE c.caller_id = ANY (caller_ids) AND NOT EXISTS (SELECT FROM engage_internal.caller_pseudonym p WHERE p.caller_id = c.caller_id));
BEGIN
	-- again for callers whose random key was already taken
	WHILE cardinality(keyless) > 0 LOOP
		INSERT INTO engage_internal.caller_pseudonym (caller_key, caller_id)
		SELECT ('x' || left(md5(gen_random_uuid()::text), 8))::bit(32)::integer & 2147483647, u.caller_id
		FROM unnest(keyless) u (caller_id)
		ON CONFLICT DO NOTHING;
		keyless := ARRAY(SELECT u.caller_id FROM unnest(keyless) u (caller_id)
			WHERE NOT EXISTS (SELECT FROM engage_internal.caller_pseudonym p WHERE p.caller_id = u.caller_id));
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage_internal.assign_pseudonyms(bigint[]) IS
	'Gives a random key to each of the callers that has none. Part of refresh().';

CREATE FUNCTION engage_internal.caller_district(caller_id bigint, up_to timestamptz, OUT district_key integer, OUT district text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
	-- in steps, as in sum_up_callers()
	SELECT d.district_key, c.district
	FROM (SELECT x.persona_key FROM engage.persona x WHERE x.caller_id = caller_district.caller_id OFFSET 0) p, LATERAL (
			SELECT x.district, count(*) AS contacts FROM engage_internal.counted_contact x
			WHERE x.persona_key = p.persona_key AND x.occurred_at <= caller_district.up_to AND x.district IS NOT NULL
			GROUP BY x.district OFFSET 0
		) c LEFT JOIN engage.district d ON d.district = c.district
	GROUP BY d.district_key, c.district ORDER BY d.district_key IS NULL, sum(c.contacts) DESC, d.district_key, c.district LIMIT 1;
END;
COMMENT ON FUNCTION engage_internal.caller_district(bigint, timestamptz) IS
	'The listed district with most of a caller''s counted contacts up to a time; of callers without a listed one, the unlisted one with most, with district_key NULL. No row if none is known.';

CREATE FUNCTION engage_internal.expected_roster(caller_ids bigint[]) RETURNS SETOF engage.roster
	LANGUAGE sql STABLE PARALLEL SAFE SET timezone = 'UTC' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
BEGIN ATOMIC
	WITH flagged AS (
		SELECT f.rule_id, f.caller_id, engage.local_date(f.met_at, o.zone) AS first_day,
			GREATEST(engage.local_date(f.ended_at + o.flag_current_for, o.zone) - 1, engage.local_date(f.met_at, o.zone)) AS last_day
		FROM engage.policy o, engage.flag f
		WHERE f.withdrawn_at IS NULL AND (caller_ids IS NULL OR f.caller_id = ANY (caller_ids))
	), numbered AS (
		-- a gap of at least a day starts a spell
		SELECT x.*, count(*) FILTER (WHERE x.starts) OVER (PARTITION BY x.caller_id, x.rule_id ORDER BY x.first_day, x.last_day) AS spell_no
		FROM (
			SELECT g.*, COALESCE(g.first_day > 1 + max(g.last_day) OVER (PARTITION BY g.caller_id, g.rule_id ORDER BY g.first_day, g.last_day
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), true) AS starts
			FROM flagged g
		) x
	)
	SELECT n.rule_id, n.caller_id, n.spell_no::integer, min(n.first_day), max(n.last_day), COALESCE((SELECT d.district_key FROM engage_internal.caller_district(n.caller_id, now()) d), -1)
	FROM numbered n
	GROUP BY n.rule_id, n.caller_id, n.spell_no;
END;
COMMENT ON FUNCTION engage_internal.expected_roster(bigint[]) IS 'What roster should hold for some callers, or for all (NULL), according to the flags that stand.';

CREATE FUNCTION engage_internal.expected_roster_months(caller_ids bigint[]) RETURNS SETOF engage.roster_month
	LANGUAGE sql STABLE PARALLEL SAFE SET timezone = 'UTC'
BEGIN ATOMIC
	SELECT r.rule_id, r.caller_id, m.month_start, num_contacts.n::integer, r.district_key, r.is_new, r.is_returned, r.last_day < m.next_start - 1
	FROM (
		SELECT x.rule_id, x.caller_id, g.month_start, min(x.district_key) AS district_key, max(x.last_day) AS last_day,
			bool_or(x.spell_no = 1 AND x.first_day >= g.month_start) AS is_new, bool_or(x.spell_no > 1 AND x.first_day >= g.month_start) AS is_returned
		FROM engage.roster x, LATERAL (
			SELECT s::date AS month_start FROM generate_series(date_trunc('month', x.first_day::timestamp), x.last_day::timestamp, interval '1 month') s
		) g
		WHERE caller_ids IS NULL OR x.caller_id = ANY (caller_ids)
		GROUP BY x.rule_id, x.caller_id, g.month_start
	) r
	JOIN engage.caller c ON c.caller_id = r.caller_id
	CROSS JOIN engage.policy o
	CROSS JOIN LATERAL (SELECT r.month_start, (r.month_start + interval '1 month')::date AS next_start) m
	CROSS JOIN LATERAL (
		SELECT COALESCE(engage.num_contacts(engage.slice(c.timeline, timezone(o.zone, m.month_start::timestamp), timezone(o.zone, m.next_start::timestamp))), 0) AS n
	) num_contacts;
END;
COMMENT ON FUNCTION engage_internal.expected_roster_months(bigint[]) IS 'What roster_month should hold for some callers, or for all (NULL), according to roster and their contacts.';

CREATE FUNCTION engage_internal.refresh_roster(caller_ids bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
	DELETE FROM engage.roster r WHERE r.caller_id = ANY (caller_ids);
	DELETE FROM engage.roster_month r WHERE r.caller_id = ANY (caller_ids);
	IF EXISTS (SELECT FROM engage.flag f WHERE f.caller_id = ANY (caller_ids) AND f.withdrawn_at IS NULL) THEN
		INSERT INTO engage.roster SELECT * FROM engage_internal.expected_roster(caller_ids);
		INSERT INTO engage.roster_month SELECT * FROM engage_internal.expected_roster_months(caller_ids);
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_roster(bigint[]) IS 'Updates the roster of callers from their flags. Part of refresh().';

CREATE FUNCTION engage_internal.callers_of_period(rule_id integer, period_start timestamptz) RETURNS bigint[]
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
	SELECT array_agg(DISTINCT f.caller_id)
	FROM engage.policy o, engage.rule r, engage.flag f
	WHERE r.rule_id = callers_of_period.rule_id AND f.rule_id = r.rule_id
		AND f.started_at >= callers_of_period.period_start
		AND f.started_at < engage.period_end(callers_of_period.period_start, r.top_period, o.zone));
COMMENT ON FUNCTION engage_internal.callers_of_period(integer, timestamptz) IS
	'The callers who have, or had, a flag by a rule of kind top for the local period that began at period_start.';

CREATE FUNCTION engage_internal.refresh_all_rosters() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM engage.roster;
	DELETE FROM engage.roster_month;
	INSERT INTO engage.roster SELECT * FROM engage_internal.expected_roster(NULL);
	INSERT INTO engage.roster_month SELECT * FROM engage_internal.expected_roster_months(NULL);
EXCEPTION WHEN OTHERS THEN
	IF NOT engage_internal.is_fault_of_a_row(SQLSTATE) THEN
		RAISE;
	END IF;
	-- one by one, with their flags, so that no caller holds up another
	INSERT INTO engage_internal.dirty (subject, caller_id, cause)
	SELECT 'caller', u.caller_id, 'set aside'
	FROM (SELECT r.caller_id FROM engage.roster r UNION SELECT f.caller_id FROM engage.flag f WHERE f.withdrawn_at IS NULL) u;
END
$$;
COMMENT ON FUNCTION engage_internal.refresh_all_rosters() IS
	'Does what refresh_roster() does, for all callers; if that fails, queues each of them. Part of refresh().';

CREATE FUNCTION engage_internal.concentration_is_due() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT EXISTS (
		SELECT FROM engage.policy o
		WHERE EXISTS (SELECT FROM engage.caller c WHERE c.contacts > 0)
			AND COALESCE((SELECT max(m.as_of) FROM engage.monthly_concentration m) < engage.period_start(now(), 'day', o.zone), true));
END;
COMMENT ON FUNCTION engage_internal.concentration_is_due() IS 'Whether the monthly concentration has not yet been computed on this local day.';

CREATE FUNCTION engage_internal.measure_concentration() RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
AS $$
BEGIN
	IF NOT engage_internal.concentration_is_due() THEN
		RETURN false;
	END IF;
	DELETE FROM engage.monthly_concentration;
	INSERT INTO engage.monthly_concentration (month_start, concentration, as_of)
	SELECT t.month_start, engage.concentration(t.contacts), now()
	FROM (
		SELECT date_trunc('month', timezone(o.zone, d.at))::date AS month_start, count(*) AS contacts
		FROM engage.policy o, engage.caller c, LATERAL engage.contact_times(c.timeline) d (at)
		WHERE d.at >= '1900-01-02' AND d.at < '2199-12-31'
		GROUP BY 1, c.caller_id
	) t
	GROUP BY t.month_start;
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION engage_internal.measure_concentration() IS
	'Recomputes the concentration of all months from callers'' timelines, if it is due. False if it is not due, or there is nothing to measure. Part of refresh().';

-- definer: people who keep the lists have no rights on the queue
CREATE FUNCTION engage_internal.list_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	/* point: a change of a list */
	INSERT INTO engage_internal.dirty (subject, cause) VALUES ('day', 'list'), ('roster', 'list');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.list_changed() IS 'Trigger: adding or removing a listed district or code may change the summary of every day.';
CREATE TRIGGER district_changed AFTER INSERT OR UPDATE OF district OR DELETE OR TRUNCATE ON engage.district
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.list_changed();
CREATE TRIGGER incident_code_changed AFTER INSERT OR UPDATE OF code OR DELETE OR TRUNCATE ON engage.incident_code
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.list_changed();
-- for rows that logical replication applies
CREATE TRIGGER district_applied AFTER INSERT OR UPDATE OF district OR DELETE ON engage.district
	FOR EACH ROW EXECUTE FUNCTION engage_internal.list_changed();
CREATE TRIGGER incident_code_applied AFTER INSERT OR UPDATE OF code OR DELETE ON engage.incident_code
	FOR EACH ROW EXECUTE FUNCTION engage_internal.list_changed();
ALTER TABLE engage.district ENABLE ALWAYS TRIGGER district_changed;
ALTER TABLE engage.incident_code ENABLE ALWAYS TRIGGER incident_code_changed;
ALTER TABLE engage.district ENABLE REPLICA TRIGGER district_applied;
ALTER TABLE engage.incident_code ENABLE REPLICA TRIGGER incident_code_applied;

-- definer: people who set policy have no rights on the queue
CREATE FUNCTION engage_internal.flag_currency_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO engage_internal.dirty (subject, cause) VALUES ('roster', 'policy');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.flag_currency_changed() IS 'Trigger: a change in how long flags stay current changes who was on the roster, and when.';
CREATE TRIGGER flag_currency_changed AFTER UPDATE OF flag_current_for ON engage.policy
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.flag_currency_changed();
CREATE TRIGGER flag_currency_applied AFTER UPDATE OF flag_current_for ON engage.policy
	FOR EACH ROW EXECUTE FUNCTION engage_internal.flag_currency_changed();
ALTER TABLE engage.policy ENABLE ALWAYS TRIGGER flag_currency_changed;
ALTER TABLE engage.policy ENABLE REPLICA TRIGGER flag_currency_applied;

-- definer: administrators erase keys without rights on callers
CREATE FUNCTION engage.forget_caller_key(caller_key integer) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	whose bigint;
BEGIN
	DELETE FROM engage_internal.caller_pseudonym p WHERE p.caller_key = forget_caller_key.caller_key AND p.caller_id IS NOT NULL RETURNING p.caller_id INTO whose;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	PERFORM engage_internal.assign_pseudonyms(ARRAY[whose]);
	RETURN true;
END
$$;
COMMENT ON FUNCTION engage.forget_caller_key(integer) IS
	'Erases the key that stands for a caller in dashboards, and the keys of the caller''s contacts and flags, and makes new ones: exported keys no longer lead to anybody. Exact times still can: anyone who may read fact_contact and has an export with exact times can match the two, so have exports deleted. False if there is no such key.';
