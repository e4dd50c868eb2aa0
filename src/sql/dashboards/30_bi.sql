/*
 * engage_bi: the star schema that dashboards read, without anybody's identity.
 *
 * Plain views over stored tables, which clients can filter and fold.  They use
 * only types that every client can show.  Only names that end in _key are in
 * more than one view, so that a client that guesses relationships guesses
 * these.  -1 is the unknown member of every dimension except date and time,
 * which have none.  Costly expressions are stored in tables, because a view
 * would evaluate an expression of a dimension once per fact.
 */

CREATE SCHEMA engage_bi;
COMMENT ON SCHEMA engage_bi IS 'What dashboards read: counts and pseudonyms, without names, numbers or other details. Still personal data.';

CREATE VIEW engage_bi.dim_date AS
SELECT k.date_key, k.day AS full_date, k.calendar_year, k.quarter_number, k.month_number, k.month_name, k.date_key / 100 AS year_month,
	k.month_start, k.iso_year, k.iso_week, k.week_start, k.day_of_week, k.day_name, k.day_of_week > 5 AS is_weekend,
	h.day IS NOT NULL AS is_bank_holiday, h.label AS bank_holiday_name, k.financial_year, k.financial_quarter, k.hours_in_day,
	k.day - (SELECT t.day FROM engage.today t) AS relative_day,
	(k.week_start - (SELECT date_trunc('week', t.day::timestamp)::date FROM engage.today t)) / 7 AS relative_week,
	k.calendar_year * 12 + k.month_number - (SELECT date_part('year', t.day) * 12 + date_part('month', t.day) FROM engage.today t)::integer AS relative_month,
	k.day > (SELECT t.day - 28 FROM engage.today t) AND k.day <= (SELECT t.day FROM engage.today t) AS is_last_28_days,
	-- a CASE, because for this the planner expects half the days, not a few
	CASE WHEN k.day <= (SELECT t.day FROM engage.today t) THEN k.day > (SELECT (t.day - interval '13 months')::date FROM engage.today t) ELSE false END AS is_last_13_months,
	k.day < (SELECT t.day FROM engage.today t) AS is_over
FROM engage.calendar k
LEFT JOIN engage.bank_holiday h ON h.day = k.day;
COMMENT ON VIEW engage_bi.dim_date IS 'Local days, without a gap: whole years from the first contact to now.';
COMMENT ON COLUMN engage_bi.dim_date.date_key IS 'Local day as yyyymmdd (dim_date).';
COMMENT ON COLUMN engage_bi.dim_date.full_date IS 'Local day, as a date.';
COMMENT ON COLUMN engage_bi.dim_date.calendar_year IS 'Calendar year of the day.';
COMMENT ON COLUMN engage_bi.dim_date.quarter_number IS 'Calendar quarter, 1 (January to March) to 4.';
COMMENT ON COLUMN engage_bi.dim_date.month_number IS 'Month, 1 (January) to 12, to sort by.';
COMMENT ON COLUMN engage_bi.dim_date.month_name IS 'Name of the month, January to December.';
COMMENT ON COLUMN engage_bi.dim_date.year_month IS 'Month as yyyymm.';
COMMENT ON COLUMN engage_bi.dim_date.month_start IS 'First day of the month.';
COMMENT ON COLUMN engage_bi.dim_date.iso_year IS 'Year of the ISO week; near New Year it can differ from the calendar year.';
COMMENT ON COLUMN engage_bi.dim_date.iso_week IS 'ISO week, 1 to 53, starting on Monday.';
COMMENT ON COLUMN engage_bi.dim_date.week_start IS 'Monday of the week.';
COMMENT ON COLUMN engage_bi.dim_date.day_of_week IS 'Day of the week, 1 (Monday) to 7 (Sunday).';
COMMENT ON COLUMN engage_bi.dim_date.day_name IS 'Name of the day, Monday to Sunday.';
COMMENT ON COLUMN engage_bi.dim_date.is_weekend IS 'Whether the day is a Saturday or Sunday.';
COMMENT ON COLUMN engage_bi.dim_date.is_bank_holiday IS 'Whether the force lists the day as a bank holiday.';
COMMENT ON COLUMN engage_bi.dim_date.bank_holiday_name IS 'Name of the bank holiday; empty on other days.';
COMMENT ON COLUMN engage_bi.dim_date.financial_year IS 'Financial year, April to March, such as 2025/26.';
COMMENT ON COLUMN engage_bi.dim_date.financial_quarter IS 'Financial quarter, 1 (April to June) to 4.';
COMMENT ON COLUMN engage_bi.dim_date.hours_in_day IS 'Hours in the day: 24, or 23 or 25 when the clocks change. Divide by it for hourly rates.';
COMMENT ON COLUMN engage_bi.dim_date.relative_day IS 'Days from today: 0 is today, -1 yesterday.';
COMMENT ON COLUMN engage_bi.dim_date.relative_week IS 'Weeks from this week: 0 is this week, -1 last week.';
COMMENT ON COLUMN engage_bi.dim_date.relative_month IS 'Months from this month: 0 is this month, -1 last month.';
COMMENT ON COLUMN engage_bi.dim_date.is_last_28_days IS 'Whether the day is today or one of the 27 days before.';
COMMENT ON COLUMN engage_bi.dim_date.is_last_13_months IS 'Whether the day is today or in the 13 months before.';
COMMENT ON COLUMN engage_bi.dim_date.is_over IS 'Whether the day is over. Filter charts by day on it, or today looks like a fall.';

CREATE VIEW engage_bi.dim_time AS
SELECT h.time_key, h.label AS hour_label, h.shift_name, h.is_night FROM engage_internal.preset_hour h;
COMMENT ON VIEW engage_bi.dim_time IS 'Hours of the local day.';
COMMENT ON COLUMN engage_bi.dim_time.time_key IS 'Local hour, 0 to 23 (dim_time).';
COMMENT ON COLUMN engage_bi.dim_time.hour_label IS 'Label of the hour, such as 07:00-07:59.';
COMMENT ON COLUMN engage_bi.dim_time.shift_name IS 'Shift: Early from 07:00, Late from 15:00, Night from 23:00.';
COMMENT ON COLUMN engage_bi.dim_time.is_night IS 'Whether the hour is at night, 23:00 to 06:59.';

CREATE VIEW engage_bi.dim_channel AS
SELECT c.channel_key, c.channel::text AS channel_code, c.label AS channel_name,
	CASE WHEN c.is_emergency THEN 'Emergency' ELSE c.channel_group END AS channel_group, c.is_emergency
FROM engage_internal.current_channel c;
COMMENT ON VIEW engage_bi.dim_channel IS 'How people get in touch.';
COMMENT ON COLUMN engage_bi.dim_channel.channel_key IS 'Channel (dim_channel).';
COMMENT ON COLUMN engage_bi.dim_channel.channel_code IS 'Code of the channel, such as 999_voice.';
COMMENT ON COLUMN engage_bi.dim_channel.channel_name IS 'The force''s name for the channel.';
COMMENT ON COLUMN engage_bi.dim_channel.channel_group IS 'Group of channels: Emergency, Non-emergency telephone, Digital or Other.';
COMMENT ON COLUMN engage_bi.dim_channel.is_emergency IS 'Whether the channel is an emergency line.';

CREATE VIEW engage_bi.dim_contact_type AS
SELECT i.contact_type_key, i.code AS contact_type_code, i.label AS contact_type_name, COALESCE(i.category, 'Not grouped') AS contact_type_group,
	COALESCE(i.demand_class, 'Not classed') AS demand_class,
	CASE WHEN i.is_policing THEN 'Policing' WHEN NOT i.is_policing THEN 'Non-policing' ELSE 'Not known' END AS policing_demand
FROM engage.incident_code i
UNION ALL
SELECT -1, '-', 'Unknown or not listed', 'Unknown', 'Unknown', 'Not known';
COMMENT ON VIEW engage_bi.dim_contact_type IS 'What contacts are about: the codes that the force lists.';
COMMENT ON COLUMN engage_bi.dim_contact_type.contact_type_key IS 'Contact type (dim_contact_type); -1 if the contact has no code, or one that is not listed.';
COMMENT ON COLUMN engage_bi.dim_contact_type.contact_type_code IS 'Closing code, or the opening code of a contact that has no closing code.';
COMMENT ON COLUMN engage_bi.dim_contact_type.contact_type_name IS 'What the code means.';
COMMENT ON COLUMN engage_bi.dim_contact_type.contact_type_group IS 'Group of codes that the code belongs to.';
COMMENT ON COLUMN engage_bi.dim_contact_type.demand_class IS 'The force''s class of demand for the code.';
COMMENT ON COLUMN engage_bi.dim_contact_type.policing_demand IS 'Whether the code is for the police: Policing, Non-policing or Not known.';

CREATE VIEW engage_bi.dim_district AS
SELECT d.district_key, d.district AS district_code, d.label AS district_name, COALESCE(d.csu, 'None') AS csu_name
FROM engage.district d
UNION ALL
SELECT -1, '-', 'Unknown or not listed', 'None';
COMMENT ON VIEW engage_bi.dim_district IS 'The districts that the force lists.';
COMMENT ON COLUMN engage_bi.dim_district.district_key IS 'District (dim_district); -1 if there is none, or one that is not listed.';
COMMENT ON COLUMN engage_bi.dim_district.district_code IS 'Code of the district, as contacts give it.';
COMMENT ON COLUMN engage_bi.dim_district.district_name IS 'Name of the district.';
COMMENT ON COLUMN engage_bi.dim_district.csu_name IS 'Community Safety Unit that looks after the district.';

CREATE VIEW engage_bi.dim_caller AS
SELECT p.caller_key, p.label AS caller_pseudonym, CASE WHEN c.contacts IS NOT NULL THEN LEAST(c.contacts, 2147483647) END::integer AS caller_contact_count,
	engage.local_date(c.first_at, (SELECT o.zone FROM engage.policy o)) AS first_contact_date,
	engage.local_date(c.last_at, (SELECT o.zone FROM engage.policy o)) AS last_contact_date
FROM engage_internal.caller_pseudonym p
LEFT JOIN engage.caller c ON c.caller_id = p.caller_id;
COMMENT ON VIEW engage_bi.dim_caller IS 'Callers, by pseudonym. Still personal data.';
COMMENT ON COLUMN engage_bi.dim_caller.caller_key IS 'Caller (dim_caller): a random number, which can be erased and replaced; -1 if the caller is unknown.';
COMMENT ON COLUMN engage_bi.dim_caller.caller_pseudonym IS 'The caller''s key in a form that is easy to read out.';
COMMENT ON COLUMN engage_bi.dim_caller.caller_contact_count IS 'All counted contacts of the caller; 0 if the caller was merged into another.';
COMMENT ON COLUMN engage_bi.dim_caller.first_contact_date IS 'Local day of the caller''s first contact.';
COMMENT ON COLUMN engage_bi.dim_caller.last_contact_date IS 'Local day of the caller''s latest contact.';

CREATE VIEW engage_bi.dim_rule AS
SELECT r.rule_id AS rule_key, r.name || ' ' || r.version AS rule_label, r.name AS rule_name, r.version AS rule_version, r.kind AS rule_kind,
	COALESCE((SELECT string_agg(k::text, ' or ') FROM unnest(r.criteria) k), 'top ' || r.top_n || ' of a ' || r.top_period) AS rule_criteria,
	COALESCE((SELECT string_agg(h::text, ', ') FROM unnest(r.channels) h), 'all') AS rule_channels,
	CASE WHEN isfinite(r.valid_from) THEN engage.local_date(r.valid_from, o.zone) ELSE '1900-01-01' END AS rule_valid_from,
	CASE WHEN isfinite(r.valid_to) THEN engage.local_date(r.valid_to, o.zone) ELSE '9999-12-31' END AS rule_valid_to,
	engage_internal.is_in_force(r.valid_from, r.valid_to, now()) AS is_current_rule
FROM engage.rule r
CROSS JOIN engage.policy o
UNION ALL
SELECT -1, 'Unknown', 'Unknown', NULL::integer, 'unknown', '-', '-', '1900-01-01', '9999-12-31', false;
COMMENT ON VIEW engage_bi.dim_rule IS 'The force''s rules: who is flagged, and from when to when each rule is in force.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_key IS 'Version of a rule (dim_rule).';
COMMENT ON COLUMN engage_bi.dim_rule.rule_label IS 'Name and version of the rule.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_name IS 'Name of the rule, the same for all its versions.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_version IS 'Version number of the rule.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_kind IS 'Kind of rule: criteria, or top (the callers with the most contacts).';
COMMENT ON COLUMN engage_bi.dim_rule.rule_criteria IS 'What a caller must do to be flagged, such as 6 in 7 days.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_channels IS 'Channels whose contacts the rule counts, or all.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_valid_from IS 'First day the rule is in force; 1900-01-01 if it has no first day.';
COMMENT ON COLUMN engage_bi.dim_rule.rule_valid_to IS 'Day the rule ends; 9999-12-31 if it has no end.';
COMMENT ON COLUMN engage_bi.dim_rule.is_current_rule IS 'Whether the rule is in force now.';

CREATE VIEW engage_bi.dim_band AS
SELECT b.band_no AS band_key, CASE WHEN b.band_no = 0 THEN 'Fewer than ' || o.contact_bands[1] WHEN b.band_no = cardinality(o.contact_bands) THEN o.contact_bands[b.band_no] || ' or more'
		WHEN o.contact_bands[b.band_no + 1] = o.contact_bands[b.band_no] + 1 THEN o.contact_bands[b.band_no]::text
		ELSE o.contact_bands[b.band_no] || ' to ' || o.contact_bands[b.band_no + 1] - 1 END AS band_name,
	CASE WHEN b.band_no = 0 THEN 0 ELSE o.contact_bands[b.band_no] END AS band_from,
	COALESCE(o.contact_bands[b.band_no + 1] - 1, 2147483647) AS band_to
FROM engage.policy o, generate_series(0, cardinality(o.contact_bands)) b (band_no);
COMMENT ON VIEW engage_bi.dim_band IS 'Bands of the number of contacts in 28 days.';
COMMENT ON COLUMN engage_bi.dim_band.band_key IS 'Band of contacts in 28 days (dim_band); sort bands by it.';
COMMENT ON COLUMN engage_bi.dim_band.band_name IS 'Name of the band, such as 10 to 19.';
COMMENT ON COLUMN engage_bi.dim_band.band_from IS 'Fewest contacts in the band.';
COMMENT ON COLUMN engage_bi.dim_band.band_to IS 'Most contacts in the band.';

CREATE VIEW engage_bi.dim_feed AS
SELECT f.feed_key, f.source AS feed_name FROM engage.feed f
UNION ALL
SELECT -1, 'Unknown';
COMMENT ON VIEW engage_bi.dim_feed IS 'Systems that contacts come from.';
COMMENT ON COLUMN engage_bi.dim_feed.feed_key IS 'Source system (dim_feed).';
COMMENT ON COLUMN engage_bi.dim_feed.feed_name IS 'Name of the source system.';

CREATE VIEW engage_internal.contact_as_fact AS
SELECT c.contact_id, c.persona_key, d.date_key, date_part('hour', timezone(o.zone, c.occurred_at))::integer AS time_key, h.channel_key,
	COALESCE(i.contact_type_key, -1) AS contact_type_key, COALESCE(x.district_key, -1) AS district_key,
	timezone(o.zone, c.occurred_at)::timestamp(0) AS start_local, timezone('UTC', c.occurred_at)::timestamp AS start_utc,
	(date_part('epoch', timezone(o.zone, c.occurred_at) - timezone('UTC', c.occurred_at)) / 60)::integer AS utc_offset_minutes,
	engage_internal.answer_seconds(c.occurred_at, c.answered_at) AS answer_seconds,
	engage.is_abandoned(c.disconnected, c.spoke_to_service, c.confirmed_safe) AS is_abandoned,
	CASE WHEN c.handling_seconds >= 0 THEN c.handling_seconds END AS handling_seconds, c.deployed, c.incident_ref IS NOT NULL AS has_incident,
	timezone('UTC', LEAST(GREATEST(c.recorded_at, '1900-01-01'), '2199-12-31'))::timestamp(0) AS loaded_at_utc
FROM engage.policy o
CROSS JOIN engage_internal.counted_contact c
JOIN engage.calendar d ON d.day = timezone(o.zone, c.occurred_at)::date
JOIN engage.preset_channel h ON h.channel = c.channel
LEFT JOIN engage.incident_code i ON i.code = COALESCE(c.closing_code, c.opening_code)
LEFT JOIN engage.district x ON x.district = c.district;
COMMENT ON VIEW engage_internal.contact_as_fact IS 'The counted contacts with the keys and measures that dashboards have, whoever called.';

-- two halves, because through an outer join the planner cannot start from one caller
CREATE VIEW engage_bi.fact_contact AS
SELECT hashint8extended(c.contact_id, w.secret) AS contact_key, c.date_key, c.time_key, w.caller_key, c.channel_key, c.contact_type_key, c.district_key,
	c.start_local AS contact_start_local, c.start_utc AS contact_start_utc, c.utc_offset_minutes, 1 AS contact_count,
	CASE WHEN c.answer_seconds IS NOT NULL THEN 1 END AS answered_count, c.is_abandoned::integer AS abandoned_count,
	c.answer_seconds::integer AS answer_seconds, c.handling_seconds, c.deployed::integer AS deployed_count, c.has_incident::integer AS incident_count,
	c.loaded_at_utc
FROM engage_internal.contact_as_fact c
JOIN engage.persona p ON p.persona_key = c.persona_key
JOIN engage_internal.caller_pseudonym w ON w.caller_id = p.caller_id
UNION ALL
SELECT c.contact_id, c.date_key, c.time_key, -1, c.channel_key, c.contact_type_key, c.district_key,
	c.start_local, c.start_utc, c.utc_offset_minutes, 1,
	CASE WHEN c.answer_seconds IS NOT NULL THEN 1 END, c.is_abandoned::integer,
	c.answer_seconds::integer, c.handling_seconds, c.deployed::integer, c.has_incident::integer,
	c.loaded_at_utc
FROM engage_internal.contact_as_fact c
LEFT JOIN (engage.persona p JOIN engage_internal.caller_pseudonym w ON w.caller_id = p.caller_id) ON p.persona_key = c.persona_key
WHERE w.caller_key IS NULL;
COMMENT ON VIEW engage_bi.fact_contact IS 'One row per contact that counts: inbound, not a call-back, not a duplicate, and not in the future. Load it in parts by contact_start_utc; for totals over many days use the daily and hourly facts.';
COMMENT ON COLUMN engage_bi.fact_contact.contact_key IS 'Identifies the contact; changes when the caller''s key changes.';
COMMENT ON COLUMN engage_bi.fact_contact.date_key IS 'Local day of the contact (dim_date).';
COMMENT ON COLUMN engage_bi.fact_contact.time_key IS 'Local hour of the contact (dim_time).';
COMMENT ON COLUMN engage_bi.fact_contact.caller_key IS 'Caller (dim_caller); -1 if unknown.';
COMMENT ON COLUMN engage_bi.fact_contact.channel_key IS 'Channel (dim_channel).';
COMMENT ON COLUMN engage_bi.fact_contact.contact_type_key IS 'Contact type (dim_contact_type); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_contact.district_key IS 'District (dim_district); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_contact.contact_start_local IS 'Start of the contact in local time. When the clocks change an hour is missing, or comes twice.';
COMMENT ON COLUMN engage_bi.fact_contact.contact_start_utc IS 'Start of the contact in UTC. Sort and load by it.';
COMMENT ON COLUMN engage_bi.fact_contact.utc_offset_minutes IS 'Minutes that local time is ahead of UTC.';
COMMENT ON COLUMN engage_bi.fact_contact.contact_count IS 'Always 1, to be summed.';
COMMENT ON COLUMN engage_bi.fact_contact.answered_count IS '1 if the contact was answered; empty if not known. An answer before the contact, or more than 24 hours after it, counts as not known.';
COMMENT ON COLUMN engage_bi.fact_contact.abandoned_count IS '1 if the caller hung up and is not known to have spoken to a service or been confirmed safe, otherwise 0; empty if it is not known whether the call was disconnected.';
COMMENT ON COLUMN engage_bi.fact_contact.answer_seconds IS 'Seconds until the contact was answered.';
COMMENT ON COLUMN engage_bi.fact_contact.handling_seconds IS 'Seconds that a call handler spent on the contact.';
COMMENT ON COLUMN engage_bi.fact_contact.deployed_count IS '1 if officers were sent, otherwise 0; empty if not known.';
COMMENT ON COLUMN engage_bi.fact_contact.incident_count IS '1 if the contact led to an incident, otherwise 0.';
COMMENT ON COLUMN engage_bi.fact_contact.loaded_at_utc IS 'When the contact was recorded, in UTC. Use it to detect changes.';

CREATE VIEW engage_bi.fact_caller_contact AS
SELECT hashint8extended(c.contact_id, w.secret) AS contact_key, c.date_key, c.time_key, w.caller_key, c.channel_key, c.contact_type_key, c.district_key,
	c.start_local AS caller_contact_start_local, 1 AS repeat_contact_count, c.handling_seconds AS repeat_handling_seconds
FROM engage_internal.caller_pseudonym w
CROSS JOIN LATERAL (
	-- kept apart (OFFSET) and read caller by caller: joined with all the dimensions there are too many tables for the planner
	SELECT x.contact_id, x.date_key, x.time_key, x.channel_key, x.contact_type_key, x.district_key, x.start_local, x.handling_seconds
	FROM engage.persona p
	JOIN engage_internal.contact_as_fact x ON x.persona_key = p.persona_key
	WHERE p.caller_id = w.caller_id
	OFFSET 0
) c
WHERE EXISTS (SELECT FROM engage.roster r WHERE r.caller_id = w.caller_id);
COMMENT ON VIEW engage_bi.fact_caller_contact IS
	'One row per contact of every caller who was ever on the roster, for the page of one caller. Fast when you filter one caller.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.contact_key IS 'Identifies the contact; changes when the caller''s key changes.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.date_key IS 'Local day of the contact (dim_date).';
COMMENT ON COLUMN engage_bi.fact_caller_contact.time_key IS 'Local hour of the contact (dim_time).';
COMMENT ON COLUMN engage_bi.fact_caller_contact.caller_key IS 'Caller (dim_caller).';
COMMENT ON COLUMN engage_bi.fact_caller_contact.channel_key IS 'Channel (dim_channel).';
COMMENT ON COLUMN engage_bi.fact_caller_contact.contact_type_key IS 'Contact type (dim_contact_type); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.district_key IS 'District (dim_district); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.caller_contact_start_local IS 'Start of the contact in local time.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.repeat_contact_count IS 'Always 1, to be summed.';
COMMENT ON COLUMN engage_bi.fact_caller_contact.repeat_handling_seconds IS 'Seconds that a call handler spent on the contact.';

CREATE VIEW engage_bi.fact_contact_daily AS
SELECT d.date_key, d.channel_key, d.contact_type_key, d.district_key, d.contacts AS daily_contact_count, d.answered AS daily_answered_count,
	d.answered_within_10s AS daily_answered_within_10s_count, CASE WHEN d.abandoned_known > 0 THEN d.abandoned END AS daily_abandoned_count, d.answer_seconds AS daily_answer_seconds,
	d.handling_seconds AS daily_handling_seconds, CASE WHEN d.deployed_known > 0 THEN d.deployed END AS daily_deployed_count, d.incidents AS daily_incident_count,
	d.abandoned_known AS daily_abandoned_known_count, d.deployed_known AS daily_deployed_known_count
FROM engage.daily_count d;
COMMENT ON VIEW engage_bi.fact_contact_daily IS 'Total contacts by local day, channel, type and district.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.date_key IS 'Local day of the contacts (dim_date).';
COMMENT ON COLUMN engage_bi.fact_contact_daily.channel_key IS 'Channel (dim_channel).';
COMMENT ON COLUMN engage_bi.fact_contact_daily.contact_type_key IS 'Contact type (dim_contact_type); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.district_key IS 'District (dim_district); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_contact_count IS 'Number of contacts.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_answered_count IS 'Contacts with a known time of answer.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_answered_within_10s_count IS 'Contacts answered in less than 10 seconds.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_abandoned_count IS 'Abandoned contacts; empty if it is not known for any contact.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_answer_seconds IS 'Total seconds until answer, over the answered contacts.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_handling_seconds IS 'Total seconds that call handlers spent on the contacts.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_deployed_count IS 'Contacts to which officers were sent; empty if it is not known for any contact.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_incident_count IS 'Contacts that led to an incident.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_abandoned_known_count IS 'Contacts for which it is known whether they were abandoned: divide daily_abandoned_count by it.';
COMMENT ON COLUMN engage_bi.fact_contact_daily.daily_deployed_known_count IS 'Contacts for which it is known whether officers were sent: divide daily_deployed_count by it.';

CREATE VIEW engage_bi.fact_contact_hourly AS
SELECT d.date_key, d.time_key, d.channel_key, d.district_key, d.contacts AS hourly_contact_count, d.answered AS hourly_answered_count,
	d.answer_seconds AS hourly_answer_seconds, d.handling_seconds AS hourly_handling_seconds
FROM engage.hourly_count d;
COMMENT ON VIEW engage_bi.fact_contact_hourly IS 'Total contacts by local day, hour, channel and district.';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.date_key IS 'Local day of the contacts (dim_date).';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.time_key IS 'Local hour of the contacts (dim_time).';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.channel_key IS 'Channel (dim_channel).';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.district_key IS 'District (dim_district); -1 if unknown or not listed.';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.hourly_contact_count IS 'Number of contacts.';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.hourly_answered_count IS 'Contacts with a known time of answer.';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.hourly_answer_seconds IS 'Total seconds until answer, over the answered contacts.';
COMMENT ON COLUMN engage_bi.fact_contact_hourly.hourly_handling_seconds IS 'Total seconds that call handlers spent on the contacts.';

CREATE VIEW engage_bi.fact_caller_snapshot AS
SELECT k.date_key, w.caller_key, r.rule_id AS rule_key, width_bucket(n.contacts_28d, o.contact_bands) AS band_key, r.district_key,
	CASE WHEN k.day > r.last_day THEN 'dropped' WHEN k.day > r.first_day THEN 'continuing' WHEN r.spell_no = 1 THEN 'new' ELSE 'returned' END AS roster_status,
	(k.day <= r.last_day)::integer AS snapshot_on_roster_count, (k.day = r.first_day AND r.spell_no = 1)::integer AS snapshot_new_count,
	(k.day = r.first_day AND r.spell_no > 1)::integer AS snapshot_returned_count, (k.day > r.last_day)::integer AS snapshot_dropped_count,
	n.contacts_7d, n.contacts_28d, n.contacts_90d, n.contacts_365d, n.contacts_previous_28d, k.day = (SELECT t.day FROM engage.today t) AS is_latest
FROM engage.policy o
CROSS JOIN engage.roster r
JOIN engage.calendar k ON k.day >= r.first_day AND k.day <= r.last_day + 1 AND k.day <= (SELECT t.day FROM engage.today t)
JOIN engage.caller c ON c.caller_id = r.caller_id
JOIN engage_internal.caller_pseudonym w ON w.caller_id = r.caller_id
CROSS JOIN LATERAL (
	SELECT engage.num_contacts(engage.slice(c.timeline, k.ends_at - '168 hours'::interval, k.ends_at))::integer AS contacts_7d,
		engage.num_contacts(engage.slice(c.timeline, k.ends_at - '672 hours'::interval, k.ends_at))::integer AS contacts_28d,
		engage.num_contacts(engage.slice(c.timeline, k.ends_at - '2160 hours'::interval, k.ends_at))::integer AS contacts_90d,
		engage.num_contacts(engage.slice(c.timeline, k.ends_at - '8760 hours'::interval, k.ends_at))::integer AS contacts_365d,
		engage.num_contacts(engage.slice(c.timeline, k.ends_at - '1344 hours'::interval, k.ends_at - '672 hours'::interval))::integer AS contacts_previous_28d
) n;
COMMENT ON VIEW engage_bi.fact_caller_snapshot IS
	'Flagged callers on the roster at the end of each local day, by rule, and once more on the day after they left it. Uses what is known now. Do not sum it over days.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.date_key IS 'Local day, as at its end (dim_date).';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.caller_key IS 'Caller (dim_caller).';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.rule_key IS 'Rule that flagged the caller (dim_rule).';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.band_key IS 'Band of contacts_28d (dim_band).';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.district_key IS 'Listed district with most of the caller''s contacts (dim_district); -1 if there is none.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.roster_status IS 'new: on the roster for the first time; returned: back after a gap; continuing: on it the day before too; dropped: left it since the day before.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.snapshot_on_roster_count IS '1 if the caller is on the roster, 0 if dropped.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.snapshot_new_count IS '1 on the caller''s first day ever on the roster.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.snapshot_returned_count IS '1 on the first day back on the roster.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.snapshot_dropped_count IS '1 on the day after the last day on the roster.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.contacts_7d IS 'Contacts in the 7 days (168 hours) to the end of the day.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.contacts_28d IS 'Contacts in the 28 days of 24 hours to the end of the day.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.contacts_90d IS 'Contacts in the 90 days of 24 hours to the end of the day.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.contacts_365d IS 'Contacts in the 365 days of 24 hours to the end of the day.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.contacts_previous_28d IS 'Contacts in the 28 days before those of contacts_28d, for comparison.';
COMMENT ON COLUMN engage_bi.fact_caller_snapshot.is_latest IS 'Whether the row is today''s, so far.';

CREATE VIEW engage_bi.fact_roster_daily AS
SELECT engage.date_key(u.day) AS date_key, u.rule_id AS rule_key, u.district_key,
	(sum(sum(u.came + u.returned - u.dropped)) OVER (PARTITION BY u.rule_id, u.district_key ORDER BY u.day))::integer AS roster_caller_count,
	sum(u.came)::integer AS roster_new_count, sum(u.returned)::integer AS roster_returned_count, sum(u.dropped)::integer AS roster_dropped_count
FROM (
	SELECT r.rule_id, r.district_key, r.first_day AS day, (r.spell_no = 1)::integer AS came, (r.spell_no > 1)::integer AS returned, 0 AS dropped FROM engage.roster r
	UNION ALL
	SELECT r.rule_id, r.district_key, r.last_day + 1, 0, 0, 1 FROM engage.roster r
	UNION ALL
	-- days on which nothing changes
	SELECT s.rule_id, s.district_key, k.day, 0, 0, 0
	FROM (SELECT r.rule_id, r.district_key, min(r.first_day) AS first_day FROM engage.roster r GROUP BY r.rule_id, r.district_key) s
	JOIN engage.calendar k ON k.day >= s.first_day
) u
WHERE u.day <= (SELECT t.day FROM engage.today t)
GROUP BY u.rule_id, u.district_key, u.day;
COMMENT ON VIEW engage_bi.fact_roster_daily IS
	'Number of callers on the roster at the end of each local day, by rule and district. Uses what is known now. Do not sum roster_caller_count over days.';
COMMENT ON COLUMN engage_bi.fact_roster_daily.date_key IS 'Local day, as at its end (dim_date).';
COMMENT ON COLUMN engage_bi.fact_roster_daily.rule_key IS 'Rule that flagged the callers (dim_rule).';
COMMENT ON COLUMN engage_bi.fact_roster_daily.district_key IS 'Listed district with most of the callers'' contacts (dim_district); -1 if there is none.';
COMMENT ON COLUMN engage_bi.fact_roster_daily.roster_caller_count IS 'Callers on the roster at the end of the day.';
COMMENT ON COLUMN engage_bi.fact_roster_daily.roster_new_count IS 'Callers who joined the roster that day for the first time.';
COMMENT ON COLUMN engage_bi.fact_roster_daily.roster_returned_count IS 'Callers who came back onto the roster that day.';
COMMENT ON COLUMN engage_bi.fact_roster_daily.roster_dropped_count IS 'Callers who left the roster, whose last day on it was the day before.';

CREATE VIEW engage_bi.fact_repeat_caller_monthly AS
SELECT engage.date_key(r.month_start) AS date_key, r.rule_id AS rule_key, r.district_key, count(*)::integer AS monthly_repeat_caller_count,
	sum(r.contacts)::integer AS monthly_repeat_contact_count, (count(*) FILTER (WHERE r.is_new))::integer AS monthly_new_caller_count,
	(count(*) FILTER (WHERE r.is_returned))::integer AS monthly_returned_caller_count,
	(count(*) FILTER (WHERE r.is_dropped))::integer AS monthly_dropped_caller_count
FROM engage.roster_month r
WHERE r.month_start <= (SELECT t.day FROM engage.today t)
GROUP BY r.month_start, r.rule_id, r.district_key;
COMMENT ON VIEW engage_bi.fact_repeat_caller_monthly IS 'Callers who were on the roster on any day of a local month, by rule and district.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.date_key IS 'First day of the local month (dim_date).';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.rule_key IS 'Rule that flagged the callers (dim_rule).';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.district_key IS 'Listed district with most of the callers'' contacts (dim_district); -1 if there is none.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.monthly_repeat_caller_count IS 'Callers on the roster on any day of the month.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.monthly_repeat_contact_count IS 'All contacts of these callers in the month, by any channel.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.monthly_new_caller_count IS 'Callers who joined the roster in the month for the first time.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.monthly_returned_caller_count IS 'Callers who came back onto the roster in the month, after a gap.';
COMMENT ON COLUMN engage_bi.fact_repeat_caller_monthly.monthly_dropped_caller_count IS 'Callers who were no longer on the roster at the end of the month.';

CREATE VIEW engage_bi.fact_concentration_monthly AS
SELECT engage.date_key(m.month_start) AS date_key, (m.concentration).contacts::integer AS month_identified_contact_count, (m.concentration).callers::integer AS month_caller_count,
	(m.concentration).top_10 AS top_10_caller_share, (m.concentration).top_1_percent AS top_1_percent_caller_share,
	(m.concentration).top_5_percent AS top_5_percent_caller_share, (m.concentration).gini AS gini_coefficient,
	timezone('UTC', m.as_of)::timestamp(0) AS concentration_as_of_utc
FROM engage.monthly_concentration m;
COMMENT ON VIEW engage_bi.fact_concentration_monthly IS 'How far a few callers account for the contacts of a local month. Recomputed once a day.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.date_key IS 'First day of the local month (dim_date).';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.month_identified_contact_count IS 'Contacts in the month whose caller is known.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.month_caller_count IS 'Callers who made those contacts.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.top_10_caller_share IS 'Share of these contacts, 0 to 1, from the 10 most frequent callers.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.top_1_percent_caller_share IS 'Share of these contacts, 0 to 1, from the most frequent 1% of callers.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.top_5_percent_caller_share IS 'Share of these contacts, 0 to 1, from the most frequent 5% of callers.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.gini_coefficient IS 'Inequality of contacts between callers: 0 if all have the same number, near 1 if one caller made nearly all.';
COMMENT ON COLUMN engage_bi.fact_concentration_monthly.concentration_as_of_utc IS 'When the figures were computed, in UTC.';

CREATE VIEW engage_bi.fact_one_contact_away AS
SELECT w.caller_key, r.rule_id AS rule_key, k.criterion::text AS missing_criterion, (engage.threshold(k.criterion) - 1) AS window_contact_count,
	timezone(o.zone, (SELECT min(u) FROM engage.contact_times(n.timeline) u WHERE u > now() - k.width) + k.width)::timestamp(0) AS window_lapses_local
FROM engage.policy o
CROSS JOIN engage.rule r
CROSS JOIN LATERAL (
	-- rolling criteria only: N in some days or hours
	SELECT u AS criterion, split_part(u::text, ' in ', 2)::interval AS width FROM unnest(r.criteria) u WHERE strpos(u::text, ' in ') > 0 AND strpos(u::text, ' per ') = 0
) k
CROSS JOIN LATERAL (
	-- kept apart (OFFSET), and with both bounds, so that the planner uses the index on last_at
	SELECT x.* FROM engage.caller x
	WHERE x.last_at > now() - k.width AND x.last_at < 'infinity' AND x.contacts >= engage.threshold(k.criterion) - 1
	OFFSET 0
) c
JOIN engage_internal.caller_pseudonym w ON w.caller_id = c.caller_id
CROSS JOIN LATERAL (
	SELECT CASE WHEN r.channels IS NULL THEN c.timeline ELSE (
			SELECT engage.rollup(t.timeline) FROM engage.persona p JOIN engage.persona_timeline t ON t.persona_key = p.persona_key
			WHERE p.caller_id = c.caller_id AND t.channel = ANY (r.channels)
		) END AS timeline
) n
WHERE engage_internal.is_in_force(r.valid_from, r.valid_to, now()) AND engage.num_contacts(n.timeline, now() - k.width, now()) = engage.threshold(k.criterion) - 1
	AND NOT EXISTS (SELECT FROM engage.roster x WHERE x.caller_id = c.caller_id AND x.rule_id = r.rule_id
		AND x.last_day >= (SELECT t.day FROM engage.today t));
COMMENT ON VIEW engage_bi.fact_one_contact_away IS 'Callers not on a rule''s roster who would meet one of its rolling criteria with one more contact now.';
COMMENT ON COLUMN engage_bi.fact_one_contact_away.caller_key IS 'Caller (dim_caller).';
COMMENT ON COLUMN engage_bi.fact_one_contact_away.rule_key IS 'Rule that the caller would meet (dim_rule).';
COMMENT ON COLUMN engage_bi.fact_one_contact_away.missing_criterion IS 'Criterion that needs one more contact, such as 6 in 7 days.';
COMMENT ON COLUMN engage_bi.fact_one_contact_away.window_contact_count IS 'Contacts in the window that ends now: one fewer than the criterion asks for.';
COMMENT ON COLUMN engage_bi.fact_one_contact_away.window_lapses_local IS 'When the oldest of these contacts leaves the window, local time.';

CREATE VIEW engage_bi.fact_flag AS
SELECT hashint8extended(f.flag_id, w.secret) AS flag_key, engage.date_key(engage.local_date(f.met_at, o.zone)) AS date_key, w.caller_key, f.rule_id AS rule_key,
	timezone(o.zone, f.met_at)::timestamp(0) AS flag_met_local, timezone('UTC', f.met_at)::timestamp(0) AS flag_met_utc,
	timezone(o.zone, f.started_at)::timestamp(0) AS flag_started_local, timezone(o.zone, f.ended_at)::timestamp(0) AS flag_ended_local,
	f.contacts::integer AS flag_contact_count, f.peak::integer AS flag_peak_count, f.withdrawn_at IS NOT NULL AS is_withdrawn,
	timezone('UTC', f.raised_at)::timestamp(0) AS flag_raised_utc, timezone('UTC', f.data_as_of)::timestamp(0) AS flag_data_as_of_utc
FROM engage.flag f
CROSS JOIN engage.policy o
JOIN engage_internal.caller_pseudonym w ON w.caller_id = f.caller_id
WHERE f.started_at >= '1900-01-02' AND f.ended_at < '2199-12-31';
COMMENT ON VIEW engage_bi.fact_flag IS 'Flags: one row per episode in which a caller met a rule. Withdrawn flags stay.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_key IS 'Identifies the flag; changes when the caller''s key changes.';
COMMENT ON COLUMN engage_bi.fact_flag.date_key IS 'Local day on which the rule was met (dim_date).';
COMMENT ON COLUMN engage_bi.fact_flag.caller_key IS 'Caller (dim_caller).';
COMMENT ON COLUMN engage_bi.fact_flag.rule_key IS 'Version of the rule that was met (dim_rule).';
COMMENT ON COLUMN engage_bi.fact_flag.flag_met_local IS 'First contact at which the rule was met, local time.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_met_utc IS 'First contact at which the rule was met, in UTC.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_started_local IS 'First contact of the episode, local time.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_ended_local IS 'Latest contact at which the rule was met, local time.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_contact_count IS 'Contacts in the episode on the channels that the rule counts.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_peak_count IS 'Most contacts in any one window of the episode.';
COMMENT ON COLUMN engage_bi.fact_flag.is_withdrawn IS 'Whether the flag was withdrawn because it no longer holds.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_raised_utc IS 'When the flag was raised, in UTC.';
COMMENT ON COLUMN engage_bi.fact_flag.flag_data_as_of_utc IS 'When the flag''s figures last changed, in UTC.';

CREATE VIEW engage_bi.fact_risk AS
SELECT w.caller_key, o.tier_matrix[b.harm_band + 1][b.demand_band + 1] AS risk_tier, b.demand_band AS demand_band_number, b.harm_band AS harm_band_number,
	k.probability AS meets_rule_probability, k.expected_contacts AS expected_contact_count, k.expected_hours AS expected_handling_hours,
	k.probability_active AS still_active_probability, k.harm_points::double precision AS harm_point_count,
	array_to_string(n.natures, ', ') AS caller_natures, 'repeat_victim' = ANY (n.natures) AS is_repeat_victim, 'vulnerable' = ANY (n.natures) AS is_vulnerable,
	timezone('UTC', k.as_of)::timestamp(0) AS risk_as_of_utc
FROM engage.caller_risk k
JOIN engage_internal.caller_pseudonym w ON w.caller_id = k.caller_id
CROSS JOIN engage.policy o
CROSS JOIN LATERAL (
	SELECT width_bucket(k.probability, o.demand_bands) AS demand_band, width_bucket(k.harm_points, o.harm_bands) AS harm_band
) b
LEFT JOIN (
	SELECT m.caller_id, array_agg(DISTINCT m.nature ORDER BY m.nature) AS natures FROM engage.caller_marker m WHERE m.nature IS NOT NULL GROUP BY m.caller_id
) x ON x.caller_id = k.caller_id
CROSS JOIN LATERAL (SELECT CASE WHEN x.natures IS NULL THEN k.natures ELSE k.natures || x.natures END AS natures) n;
COMMENT ON VIEW engage_bi.fact_risk IS 'Scores of demand and harm, for callers who have them: a prompt for people, not a verdict.';
COMMENT ON COLUMN engage_bi.fact_risk.caller_key IS 'Caller (dim_caller).';
COMMENT ON COLUMN engage_bi.fact_risk.risk_tier IS 'Tier by demand and harm; look at tier 1 first.';
COMMENT ON COLUMN engage_bi.fact_risk.demand_band_number IS 'Band of meets_rule_probability, starting at 0.';
COMMENT ON COLUMN engage_bi.fact_risk.harm_band_number IS 'Band of harm_point_count, starting at 0.';
COMMENT ON COLUMN engage_bi.fact_risk.meets_rule_probability IS 'Probability that the caller meets a rule within the horizon.';
COMMENT ON COLUMN engage_bi.fact_risk.expected_contact_count IS 'Contacts expected within the horizon; empty if no model is fitted.';
COMMENT ON COLUMN engage_bi.fact_risk.expected_handling_hours IS 'Hours of handling expected within the horizon.';
COMMENT ON COLUMN engage_bi.fact_risk.still_active_probability IS 'Probability that the caller has not stopped.';
COMMENT ON COLUMN engage_bi.fact_risk.harm_point_count IS 'Points of harm, from the risk factors.';
COMMENT ON COLUMN engage_bi.fact_risk.caller_natures IS 'What kind of caller this seems to be, from contacts and markers that are not sensitive.';
COMMENT ON COLUMN engage_bi.fact_risk.is_repeat_victim IS 'Whether the caller seems to be, or is marked as, a repeat victim. Repeat victims are not nuisances, however often they call.';
COMMENT ON COLUMN engage_bi.fact_risk.is_vulnerable IS 'Whether the caller seems to be, or is marked as, vulnerable.';
COMMENT ON COLUMN engage_bi.fact_risk.risk_as_of_utc IS 'Contacts and markers up to this time count, in UTC.';

CREATE VIEW engage_bi.fact_feed_daily AS
SELECT f.date_key, f.feed_key, f.contacts AS feed_contact_count, timezone(o.zone, f.last_at)::timestamp(0) AS feed_last_contact_local,
	timezone('UTC', LEAST(GREATEST(f.last_recorded_at, '1900-01-01'), '2199-12-31'))::timestamp(0) AS feed_last_loaded_utc,
	f.delay_seconds / f.contacts AS feed_mean_delay_seconds
FROM engage.feed_count f
CROSS JOIN engage.policy o;
COMMENT ON VIEW engage_bi.fact_feed_daily IS 'Contacts received from each source system, by local day.';
COMMENT ON COLUMN engage_bi.fact_feed_daily.date_key IS 'Local day of the contacts (dim_date).';
COMMENT ON COLUMN engage_bi.fact_feed_daily.feed_key IS 'Source system (dim_feed).';
COMMENT ON COLUMN engage_bi.fact_feed_daily.feed_contact_count IS 'Contacts that count.';
COMMENT ON COLUMN engage_bi.fact_feed_daily.feed_last_contact_local IS 'Last contact of the day, local time.';
COMMENT ON COLUMN engage_bi.fact_feed_daily.feed_last_loaded_utc IS 'When the most recently recorded of these contacts was recorded, in UTC.';
COMMENT ON COLUMN engage_bi.fact_feed_daily.feed_mean_delay_seconds IS 'Mean seconds from a contact to its being recorded.';

CREATE VIEW engage_bi.meta_refresh AS
SELECT timezone(o.zone, a.as_at)::timestamp(0) AS data_as_at_local, timezone('UTC', a.as_at)::timestamp(0) AS data_as_at_utc,
	timezone(o.zone, (SELECT max(f.last_at) FROM engage.feed_count f))::timestamp(0) AS latest_contact_local,
	(SELECT sum(f.contacts) FROM engage.feed_count f)::bigint AS total_contact_count, q.waiting::integer AS waiting_change_count,
	COALESCE(GREATEST(date_part('epoch', now() - q.oldest), 0), 0)::integer AS oldest_wait_seconds,
	(SELECT r.state FROM engage.refresh_run r ORDER BY r.run_id DESC LIMIT 1) AS last_run_state,
	timezone(o.zone, (SELECT r.finished_at FROM engage.refresh_run r ORDER BY r.run_id DESC LIMIT 1))::timestamp(0) AS last_run_finished_local,
	(SELECT string_agg(r.name || ' ' || r.version, ', ' ORDER BY r.name, r.version) FROM engage.rule r WHERE engage_internal.is_in_force(r.valid_from, r.valid_to, now())) AS current_rules,
	engage.library_version() AS engage_version
FROM engage.policy o
CROSS JOIN (SELECT count(*) AS waiting, min(d.at) AS oldest FROM engage_internal.dirty d) q
CROSS JOIN LATERAL (
	SELECT LEAST(q.oldest, max(r.finished_at)) AS as_at FROM engage.refresh_run r WHERE r.state = 'done'
) a;
COMMENT ON VIEW engage_bi.meta_refresh IS 'How fresh the data is, in one row.';
COMMENT ON COLUMN engage_bi.meta_refresh.data_as_at_local IS 'The figures include everything recorded up to this time, local time.';
COMMENT ON COLUMN engage_bi.meta_refresh.data_as_at_utc IS 'The figures include everything recorded up to this time, in UTC.';
COMMENT ON COLUMN engage_bi.meta_refresh.latest_contact_local IS 'Time of the latest contact, local time.';
COMMENT ON COLUMN engage_bi.meta_refresh.total_contact_count IS 'All contacts that count.';
COMMENT ON COLUMN engage_bi.meta_refresh.waiting_change_count IS 'Changes waiting for the next refresh.';
COMMENT ON COLUMN engage_bi.meta_refresh.oldest_wait_seconds IS 'Seconds that the oldest change has waited.';
COMMENT ON COLUMN engage_bi.meta_refresh.last_run_state IS 'State of the last refresh: done, running, failed or died.';
COMMENT ON COLUMN engage_bi.meta_refresh.last_run_finished_local IS 'When the last refresh ended, local time; empty while it runs.';
COMMENT ON COLUMN engage_bi.meta_refresh.current_rules IS 'Rules in force now.';
COMMENT ON COLUMN engage_bi.meta_refresh.engage_version IS 'Version of engage.';

CREATE VIEW engage_bi.meta_data_quality AS
SELECT f.date_key, f.feed_key, c.check_code, c.check_name, c.failed_count, f.contacts AS checked_count
FROM engage.feed_count f
CROSS JOIN LATERAL (VALUES
	('no_details', 'No identifying details', f.without_details),
	('no_district', 'No district', f.without_district),
	('district_not_listed', 'A district that is not listed', f.district_not_listed),
	('code_not_listed', 'A code that is not listed', f.code_not_listed),
	('no_handling_time', 'No handling time', f.without_handling_time),
	('recorded_late', 'Recorded more than a day late', f.recorded_late)
) c (check_code, check_name, failed_count);
COMMENT ON VIEW engage_bi.meta_data_quality IS 'What contacts lack, by local day and source system.';
COMMENT ON COLUMN engage_bi.meta_data_quality.date_key IS 'Local day of the contacts (dim_date).';
COMMENT ON COLUMN engage_bi.meta_data_quality.feed_key IS 'Source system (dim_feed).';
COMMENT ON COLUMN engage_bi.meta_data_quality.check_code IS 'Code of the check.';
COMMENT ON COLUMN engage_bi.meta_data_quality.check_name IS 'What the check looks for, in words.';
COMMENT ON COLUMN engage_bi.meta_data_quality.failed_count IS 'Contacts that fail the check.';
COMMENT ON COLUMN engage_bi.meta_data_quality.checked_count IS 'Contacts checked.';
