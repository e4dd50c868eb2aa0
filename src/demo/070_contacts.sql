-- From people to contacts. An event is what happened: ordinary_events draws
-- them, script_events takes the cast's from the script, staff_events are rows
-- of the recorder without a member of the public. write_contacts sorts them by
-- time and writes down what the force received of each.
--
-- OFFSET 0 keeps each step separate, so that its result is computed only once.

CREATE FUNCTION engage_demo.ordinary_events(start_on date, casts integer, day_lots integer[], first_lots integer[],
		hour_lots integer[], starts bigint[], late_starts bigint[])
	RETURNS TABLE (at bigint, event_no bigint, parent_no bigint, batch text, kind text, person_id integer, about integer,
		true_number text, channel engage.contact_channel, direction engage.contact_direction, cli_status engage.cli_status,
		told integer, topic_no integer, bits bigint, note text, given_name text, family_name text, date_of_birth date,
		address text, postcode text, email text, imei text, nominal_ref text, district text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH who AS (
		SELECT p.person_id, p.draw_key, p.burst, p.number, p.next_number, p.landline, p.concern, p.given_name, p.family_name,
			p.date_of_birth, p.address, p.postcode, p.former_address, p.former_postcode, p.email, p.imei, p.nominal_ref, p.district,
			first_lots[p.active_from - start_on + 1] AS lot_from,
			first_lots[p.active_to - start_on + 1 - (p.burst > 1)::integer] - first_lots[p.active_from - start_on + 1] AS lot_count,
			starts[p.next_number_on - start_on + 1] AS next_number_at,
			starts[p.moved_on - start_on + 1] AS moved_at,
			starts[p.active_to - start_on + 1] - 14400 AS last_at,
			generate_series(0, p.ordinary_contacts - 1) AS k
		FROM engage_demo.person p
		WHERE p.ordinary_contacts > 0),
	drawn AS (
		SELECT *, engage_demo.draw(k - k % burst, draw_key + 1) AS t, engage_demo.draw(k, draw_key + 2) AS h,
			engage_demo.draw(k, draw_key + 3) AS s
		FROM who
		OFFSET 0),
	on_day AS (
		SELECT *, day_lots[1 + lot_from + (((t & 4294967295) * lot_count) >> 32)::integer] AS day,
			CASE WHEN number IS NULL AND (h >> 7) & 1 = 1 THEN 98 + ((h & 127) * 30 >> 7)::integer ELSE (h & 127)::integer END AS c,
			((h >> 8) & 1023)::integer AS x
		FROM drawn
		OFFSET 0),
	at_hour AS (
		SELECT *, hour_lots[1 + (extract(isodow FROM start_on)::integer - 1 + day) % 7 * 256 + ((t >> 32) & 255)::integer] AS hour
		FROM on_day
		OFFSET 0),
	placed AS (
		SELECT *,
			CASE WHEN hour >= 2 THEN late_starts[day + 1] ELSE starts[day + 1] END + hour * 3600
				+ (((t >> 40) & 4095) * 3600 >> 12) + (k % burst) * (400 + engage_demo.pick(h, 24, 6400))
				-- the hour that comes twice
				+ CASE WHEN hour = 1 AND (t >> 56) & 1 = 1 THEN greatest(late_starts[day + 1] - starts[day + 1], 0) ELSE 0 END AS at,
			CASE
				WHEN c < 42 THEN '999_voice'::engage.contact_channel
				WHEN c < 92 THEN '101_voice'::engage.contact_channel
				WHEN c < 98 THEN 'switchboard'::engage.contact_channel
				WHEN c < 108 THEN 'online_report'::engage.contact_channel
				WHEN c < 114 THEN 'live_chat'::engage.contact_channel
				WHEN c < 118 THEN 'email'::engage.contact_channel
				WHEN c < 121 THEN 'portal'::engage.contact_channel
				WHEN c < 124 THEN 'digital_desk'::engage.contact_channel
				WHEN c < 127 THEN (ARRAY['sms_999', 'relay_999', 'bsl_999', 'video', 'online_report', 'online_report', 'online_report',
					'email']::engage.contact_channel[])[1 + (s & 7)::integer]
				ELSE 'in_person'::engage.contact_channel
			END AS channel,
			c < 98 AS voice, c BETWEEN 98 AND 126 AS digital
		FROM at_hour
		OFFSET 0),
	identified AS (
		SELECT *,
			c < 42 AND (h >> 21) & 255 < 31 AS abandoned, c < 42 AND (h >> 21) & 255 BETWEEN 31 AND 33 AS reassured,
			CASE
				WHEN NOT voice AND (NOT digital OR (h >> 18) & 7 < 4) THEN NULL
				WHEN voice AND x < 14 THEN engage_demo.cast_number(engage_demo.pick(h, 40, casts), 39)
				WHEN landline IS NOT NULL AND (h >> 18) & 7 < 2 THEN landline
				WHEN at >= next_number_at THEN next_number
				ELSE number
			END AS true_number,
			CASE
				WHEN NOT voice THEN NULL
				WHEN x < 14 THEN 'payphone'::engage.cli_status
				WHEN x < 142 OR number IS NULL AND x < 600 THEN 'withheld'::engage.cli_status
				WHEN x < 162 OR number IS NULL AND x < 800 THEN 'unavailable'::engage.cli_status
				WHEN x < 177 OR number IS NULL AND x < 900 THEN 'malformed'::engage.cli_status
				WHEN c < 42 AND (x < 184 OR number IS NULL AND x < 960) THEN 'emergency_roaming'::engage.cli_status
				WHEN x < 188 OR number IS NULL AND x < 1000 THEN 'inserted_08979'::engage.cli_status
				WHEN x < 191 OR number IS NULL THEN 'international'::engage.cli_status
				ELSE 'presented'::engage.cli_status
			END AS cli_status,
			CASE WHEN digital THEN 1 + ((h >> 36) & 6)::integer
				ELSE ((h >> 37) & 15 < 13)::integer + 2 * ((h >> 41) & 15 < 9)::integer + 4 * ((h >> 45) & 15 < 9)::integer
					+ 8 * (c < 42 AND (h >> 49) & 15 < 6)::integer
			END + 16 * ((h >> 53) & 7 < 3)::integer AS told,
			CASE WHEN (h >> 56) & 255 < 150 THEN concern ELSE 1 + engage_demo.pick(s, 32, 12) END AS topic_no
		FROM placed
		OFFSET 0),
	followed AS (
		SELECT *,
			CASE
				WHEN NOT voice OR reassured OR at >= last_at THEN NULL
				WHEN abandoned AND (s >> 16) & 255 < 115 THEN 'redial'
				WHEN abandoned AND (s >> 16) & 255 >= 200 THEN NULL
				WHEN c >= 42 AND (s >> 16) & 255 < 8 THEN 'duplicate'
				WHEN c >= 42 AND (s >> 16) & 255 < 14 THEN 'callback'
				WHEN cli_status = 'presented' AND (abandoned OR (s >> 16) & 255 < 33) THEN 'outbound'
			END AS next_kind
		FROM identified
		OFFSET 0),
	legs AS (
		SELECT *, generate_series(0, (next_kind IS NOT NULL)::integer) AS leg,
			CASE next_kind WHEN 'redial' THEN 8 + (s & 31) WHEN 'duplicate' THEN 60 + (s & 127) ELSE 300 + (s & 8191) END AS delay
		FROM followed)
	SELECT at + leg * delay, (person_id::bigint << 22) + k * 2 + leg, CASE WHEN leg = 1 THEN (person_id::bigint << 22) + k * 2 END,
		NULL::text,
		CASE WHEN leg = 1 THEN next_kind WHEN abandoned THEN 'abandoned' WHEN reassured THEN 'reassured' WHEN voice THEN 'call' WHEN digital THEN 'digital' ELSE 'in_person' END,
		person_id, NULL::integer, true_number,
		CASE
			WHEN leg = 0 OR next_kind = 'outbound' THEN channel
			WHEN next_kind = 'callback' THEN 'callback'::engage.contact_channel
			ELSE '999_voice'::engage.contact_channel
		END,
		CASE WHEN leg = 1 AND next_kind = 'outbound' THEN 'outbound'::engage.contact_direction ELSE 'inbound'::engage.contact_direction END,
		cli_status,
		CASE WHEN leg = 1 AND next_kind = 'outbound' THEN 0 WHEN leg = 1 AND next_kind = 'redial' OR NOT (abandoned OR reassured) THEN told
			ELSE told & 8 END,
		topic_no, engage_demo.draw(k * 2 + leg, draw_key + 4), NULL::text, given_name, family_name, date_of_birth,
		CASE WHEN moved_at > at THEN former_address ELSE address END, CASE WHEN moved_at > at THEN former_postcode ELSE postcode END,
		email, imei[1 + (k & cardinality(imei) - 1)], nominal_ref, district
	FROM legs;
END;
COMMENT ON FUNCTION engage_demo.ordinary_events(date, integer, integer[], integer[], integer[], bigint[], bigint[]) IS
	'The events of ordinary people: when, by which channel and number, the details that the caller gives, and second legs.';

CREATE FUNCTION engage_demo.script_events()
	RETURNS TABLE (at bigint, event_no bigint, parent_no bigint, batch text, kind text, person_id integer, about integer,
		true_number text, channel engage.contact_channel, direction engage.contact_direction, cli_status engage.cli_status,
		told integer, topic_no integer, bits bigint, note text, given_name text, family_name text, date_of_birth date,
		address text, postcode text, email text, imei text, nominal_ref text, district text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH drawn AS (
		SELECT s.*, engage_demo.draw(s.step, p.draw_key + 4) AS bits, engage_demo.draw(s.step, p.draw_key + 2) AS h, p.concern,
			p.given_name, p.family_name, p.date_of_birth, p.address, p.postcode, p.email, p.imei, p.nominal_ref, p.district
		FROM engage_demo.script s JOIN engage_demo.person p ON p.person_id = s.person_id
		OFFSET 0)
	SELECT at, (person_id::bigint << 22) + step * 2, (person_id::bigint << 22) + parent_step * 2, batch, kind, person_id, about,
		number, channel, direction, cli_status,
		coalesce(told, ((h >> 37) & 15 < 13)::integer + 2 * ((h >> 41) & 15 < 9)::integer + 4 * ((h >> 45) & 15 < 9)::integer
			+ 8 * (channel = '999_voice' AND (h >> 49) & 15 < 6)::integer + 16 * ((h >> 53) & 7 < 3)::integer),
		coalesce(topic_no, concern), bits, note, given_name, family_name, date_of_birth, address, postcode, email,
		imei[1 + (step & cardinality(imei) - 1)], nominal_ref, district
	FROM drawn;
END;
COMMENT ON FUNCTION engage_demo.script_events() IS 'The events of the cast.';

CREATE FUNCTION engage_demo.staff_events(days integer, draw_key bigint, events integer, late_starts bigint[])
	RETURNS TABLE (at bigint, event_no bigint, parent_no bigint, batch text, kind text, person_id integer, about integer,
		true_number text, channel engage.contact_channel, direction engage.contact_direction, cli_status engage.cli_status,
		told integer, topic_no integer, bits bigint, note text, given_name text, family_name text, date_of_birth date,
		address text, postcode text, email text, imei text, nominal_ref text, district text)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT late_starts[1 + engage_demo.pick(t, 0, days)] + 10800 + engage_demo.pick(t, 16, 64800), -1 - k::bigint, NULL::bigint, NULL::text,
		CASE WHEN t >> 32 & 7 = 0 THEN 'internal' ELSE 'radio' END, NULL::integer, NULL::integer, NULL::text,
		'other'::engage.contact_channel,
		CASE WHEN t >> 32 & 7 = 0 THEN 'internal'::engage.contact_direction ELSE 'radio'::engage.contact_direction END,
		NULL::engage.cli_status, 0, NULL::integer, t, NULL::text, NULL::text, NULL::text, NULL::date, NULL::text, NULL::text,
		NULL::text, NULL::text, NULL::text, NULL::text
	FROM (SELECT k, engage_demo.draw(k, draw_key + 3) AS t FROM generate_series(0, events - 1) k OFFSET 0) drawn;
END;
COMMENT ON FUNCTION engage_demo.staff_events(integer, bigint, integer, bigint[]) IS
	'Radio transmissions and calls between colleagues, as the recorder keeps them.';

CREATE FUNCTION engage_demo.write_contacts(start_on date, days integer, draw_key bigint, casts integer) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	lots constant integer[] := engage_demo.day_lots(start_on, days);
	first_lots constant integer[] := engage_demo.first_lots(lots);
	hours constant integer[] := engage_demo.hour_lots();
	starts constant bigint[] := engage_demo.day_starts(start_on, days + 1, 0);
	late_starts constant bigint[] := engage_demo.day_starts(start_on, days + 1, 7200);
	-- the online feed breaks for two days, and the contacts that it missed come late
	gap_from constant bigint := starts[days / 2 + 1];
	gap_to constant bigint := starts[days / 2 + 3];
	staff constant integer := (SELECT sum(ordinary_contacts) / 40 FROM engage_demo.person);
	subjects constant text[] := (SELECT array_agg(subject ORDER BY topic_no) FROM engage_demo.topic);
	opening_codes constant text[] := (SELECT array_agg(opening_code ORDER BY topic_no) FROM engage_demo.topic);
	closing_codes constant text[] := (SELECT array_agg(closing_code ORDER BY topic_no) FROM engage_demo.topic);
	demand_classes constant text[] := (SELECT array_agg(demand_class ORDER BY topic_no) FROM engage_demo.topic);
	topic_qualifiers constant text[] := (SELECT array_agg(qualifier ORDER BY topic_no) FROM engage_demo.topic);
	severities constant integer[] := (SELECT array_agg(severity ORDER BY topic_no) FROM engage_demo.topic);
	withheld_as constant text[] := ARRAY['withheld', 'Withheld', 'WITHHELD', 'anonymous', 'Private number', '', NULL, NULL];
	malformed_as constant text[] := ARRAY['N/A', '0', '999', '101', 'unknown', '07700 9', '07700900123456789', 'see log'];
	-- the tag as people type it: with an en dash where the database's encoding has one, with a hyphen, in other case
	en_dash constant text := CASE getdatabaseencoding() WHEN 'UTF8' THEN convert_from('\xe28093', 'UTF8') ELSE '-' END;
	tags constant text[] := ARRAY['OP ENGAGE ' || en_dash || ' Create a CAD', 'OP ENGAGE - Create a CAD', 'Op Engage - create a CAD', 'OP ENGAGE-CREATE A CAD'];
BEGIN
	INSERT INTO engage_demo.simulated_contact (contact_no, event_no, parent_no, batch, kind, person_id, about_person_id, true_number,
			source, source_ref, occurred_at, recorded_at, channel, direction, number_raw, cli_status, given_name, family_name,
			date_of_birth, address, postcode, email, imei, nominal_ref, district, opening_code, closing_code, qualifiers, subject,
			demand_class, grade, deployed, answered_at, ended_at, handling_seconds, disconnected, spoke_to_service, confirmed_safe,
			tag, incident_ref, recording_ref, latitude, longitude, location_radius_m, details)
		WITH event AS (
			SELECT * FROM engage_demo.ordinary_events(start_on, casts, lots, first_lots, hours, starts, late_starts)
			UNION ALL
			SELECT * FROM engage_demo.script_events()
			UNION ALL
			SELECT * FROM engage_demo.staff_events(days, draw_key, staff, late_starts)),
		numbered AS (
			SELECT *, row_number() OVER (ORDER BY at, event_no) AS contact_no
			FROM event
			OFFSET 0),
		timed AS (
			SELECT *, engage_demo.draw(1, bits) AS more, engage_demo.draw(7, coalesce(parent_no, event_no)) AS ref_bits,
				channel IN ('999_voice', '101_voice', 'switchboard', 'callback') AS voice,
				kind IN ('abandoned', 'reassured') AS cut_off,
				direction = 'inbound' AS inbound,
				CASE channel WHEN '999_voice' THEN 1 + ((bits >> 32) & 15) ELSE 4 + ((bits >> 32) & 255) END AS wait,
				CASE WHEN kind = 'radio' THEN 4 + ((bits >> 16) & 31) ELSE 40 + ((bits >> 16) & 511) + ((bits >> 25) & 127) * ((bits >> 28) & 7) END AS talk
			FROM numbered
			OFFSET 0),
		judged AS (
			SELECT *,
				coalesce(batch, CASE WHEN kind = 'digital' AND at >= gap_from AND at < gap_to OR more & 255 = 0 THEN 'late' ELSE 'main' END) AS comes,
				inbound AND NOT cut_off AND (bits >> 40) & 255 < severities[topic_no] AS sent
			FROM timed
			OFFSET 0)
		SELECT contact_no, event_no, parent_no, comes, kind, person_id, about, true_number,
			CASE WHEN NOT inbound THEN 'demo_redbox' WHEN kind = 'digital' THEN 'demo_online' WHEN kind = 'in_person' THEN 'demo_storm' ELSE 'demo_acd' END,
			'D' || 100000000 + contact_no,
			to_timestamp(at::double precision),
			to_timestamp((at + CASE comes WHEN 'late' THEN 259200 + ((more >> 8) & 262143) ELSE 2 + wait + talk + ((more >> 8) & 127) END)::double precision),
			channel, direction,
			CASE cli_status
				WHEN 'withheld' THEN withheld_as[1 + ((bits >> 10) & 7)]
				WHEN 'malformed' THEN malformed_as[1 + ((bits >> 10) & 7)]
				WHEN 'inserted_08979' THEN '08979' || 100000 + ((bits >> 10) & 511)
				WHEN 'unavailable' THEN CASE WHEN (bits >> 10) & 1 = 1 THEN 'unavailable' END
				WHEN 'emergency_roaming' THEN NULL
				WHEN 'international' THEN NULL
				ELSE engage_demo.spell(true_number, greatest(((bits >> 6) & 15)::integer - 4, 0))
			END,
			CASE WHEN inbound THEN cli_status END,
			CASE WHEN told & 1 = 1 THEN
				CASE WHEN bits & 63 IN (0, 1) THEN engage_demo.mistype(given_name, more) WHEN bits & 63 = 4 THEN family_name
					WHEN bits & 63 = 6 THEN NULL ELSE given_name END
			END,
			CASE WHEN told & 1 = 1 THEN
				CASE WHEN bits & 63 IN (1, 2, 3) THEN engage_demo.mistype(family_name, bits) WHEN bits & 63 = 4 THEN given_name
					WHEN bits & 63 = 7 THEN NULL ELSE family_name END
			END,
			CASE WHEN told & 2 = 2 THEN
				CASE (bits >> 10) & 63
					WHEN 0 THEN CASE WHEN extract(day FROM date_of_birth) <= 12
						THEN make_date(extract(year FROM date_of_birth)::integer, extract(day FROM date_of_birth)::integer, extract(month FROM date_of_birth)::integer)
						ELSE date_of_birth - 1 END
					WHEN 1 THEN date_of_birth - 365
					WHEN 2 THEN make_date(extract(year FROM date_of_birth)::integer, 1, 1)
					ELSE date_of_birth
				END
			END,
			CASE WHEN told & 4 = 4 THEN address END,
			CASE WHEN told & 4 = 4 THEN
				CASE WHEN more >> 26 & 7 = 0 THEN lower(postcode COLLATE "C") WHEN more >> 26 & 7 = 1 THEN replace(postcode, ' ', '')
					WHEN more >> 26 & 127 = 127 THEN engage_demo.mistype(postcode, more) ELSE postcode END
			END,
			CASE WHEN kind = 'digital' THEN email END,
			CASE WHEN told & 8 = 8 THEN imei END,
			CASE WHEN told & 16 = 16 THEN nominal_ref END,
			CASE WHEN told & 12 > 0 OR more >> 33 & 1 = 1 THEN district END,
			CASE WHEN NOT cut_off THEN opening_codes[topic_no] ELSE opening_codes[18] END,
			CASE WHEN inbound AND NOT cut_off THEN closing_codes[CASE WHEN more >> 34 & 15 = 0 THEN 12 ELSE topic_no END] END,
			CASE WHEN more >> 38 & 15 = 0 THEN array_remove(ARRAY[topic_qualifiers[topic_no], 'Q-ALCOHOL'], NULL)
				WHEN topic_qualifiers[topic_no] IS NOT NULL THEN ARRAY[topic_qualifiers[topic_no]] END,
			CASE WHEN cut_off THEN subjects[18] ELSE subjects[topic_no] END,
			CASE WHEN cut_off THEN 'unclear' ELSE demand_classes[topic_no] END,
			CASE WHEN NOT inbound THEN NULL WHEN sent AND channel = '999_voice' THEN 'immediate' WHEN sent THEN 'priority'
				WHEN more >> 42 & 3 = 0 THEN 'scheduled' ELSE 'no_deployment' END,
			CASE WHEN inbound THEN sent END,
			CASE WHEN voice AND NOT cut_off THEN to_timestamp((at + wait)::double precision) END,
			CASE WHEN cut_off THEN to_timestamp((at + 2 + (talk & 31))::double precision)
				WHEN voice OR NOT inbound THEN to_timestamp((at + wait + talk)::double precision) END,
			CASE WHEN NOT cut_off AND kind NOT IN ('radio', 'internal') THEN (talk + (more >> 44 & 127))::integer END,
			CASE WHEN cut_off THEN true WHEN voice AND inbound THEN more >> 51 & 127 = 0 END,
			CASE WHEN cut_off THEN CASE WHEN more >> 51 & 15 > 0 THEN false END WHEN voice AND inbound THEN true END,
			CASE WHEN kind = 'reassured' THEN true END,
			CASE WHEN topic_no IN (15, 16) AND inbound AND more >> 55 & 3 = 0 THEN tags[1 + (more >> 57 & 3)::integer] END,
			CASE WHEN sent OR more >> 59 & 3 = 0 THEN 'CAD-' || to_hex(ref_bits & 281474976710655) END,
			CASE WHEN voice OR NOT inbound THEN 'RB-' || to_hex(ref_bits & 281474976710655) || '-' || (event_no & 1) END,
			CASE WHEN told & 8 = 8 THEN (5480000 + engage_demo.pick(bits, 42, 30000)) / 100000.0::double precision END,
			CASE WHEN told & 8 = 8 THEN (200000 + engage_demo.pick(more, 42, 50000)) / 100000.0::double precision END,
			CASE WHEN told & 8 = 8 THEN (5 + (more >> 32 & 1023))::double precision END,
			CASE WHEN note IS NOT NULL THEN jsonb_build_object('note', note) END
		FROM judged;
END $$;
COMMENT ON FUNCTION engage_demo.write_contacts(date, integer, bigint, integer) IS
	'Fills simulated_contact from person and script. Sorting spills to disk beyond work_mem; nothing else grows with the size. Part of simulate().';
