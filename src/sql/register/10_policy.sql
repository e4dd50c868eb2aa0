/*
 * What a force sets: its policy, channels and known numbers.
 *
 * Configuration tables start empty and setup() fills them from the preset_*
 * catalogues, so that every row in them is the user's, and dumped.
 */

CREATE TYPE engage.contact_channel AS ENUM (
	'999_voice', '101_voice', 'switchboard', 'digital_desk', 'live_chat', 'email', 'online_report', 'portal',
	'sms_999', 'relay_999', 'bsl_999', 'video', 'in_person', 'callback', 'partner', 'other'
);
COMMENT ON TYPE engage.contact_channel IS 'How a contact reached the force.';

CREATE TYPE engage.contact_direction AS ENUM ('inbound', 'outbound', 'internal', 'radio');
COMMENT ON TYPE engage.contact_direction IS 'Who contacted whom; only inbound contacts count.';

CREATE TYPE engage.cli_status AS ENUM (
	'presented', 'withheld', 'unavailable', 'international', 'payphone', 'emergency_roaming',
	'inserted_08979', 'malformed', 'unknown'
);
COMMENT ON TYPE engage.cli_status IS
	'What is known about the calling line. A number identifies somebody only if this is presented, international, unknown or NULL.';

CREATE TYPE engage.number_sharing AS ENUM (
	'personal', 'shared_household', 'communal', 'payphone', 'organisation', 'unknown'
);
COMMENT ON TYPE engage.number_sharing IS
	'Who uses a number. Payphone, communal and organisation numbers never stand for a person.';

CREATE FUNCTION engage_internal.is_impersonal(sharing engage.number_sharing) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sharing = ANY (ARRAY['communal', 'payphone', 'organisation']::engage.number_sharing[]);
COMMENT ON FUNCTION engage_internal.is_impersonal(engage.number_sharing) IS
	'Whether a number that is shared like this never stands for a person. NULL for NULL.';

CREATE FUNCTION engage_internal.valid_tiers(demand_bands double precision[], harm_bands numeric[], tier_matrix integer[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(demand_bands, NULL) IS NULL AND array_position(harm_bands, NULL) IS NULL
	AND demand_bands = ARRAY(SELECT DISTINCT u FROM unnest(demand_bands) u ORDER BY u)
	AND harm_bands = ARRAY(SELECT DISTINCT u FROM unnest(harm_bands) u ORDER BY u)
	AND COALESCE(array_ndims(tier_matrix), 0) = 2
	AND array_lower(tier_matrix, 1) = 1 AND array_lower(tier_matrix, 2) = 1
	AND array_length(tier_matrix, 1) = (cardinality(harm_bands) + 1)
	AND array_length(tier_matrix, 2) = (cardinality(demand_bands) + 1)
	AND NOT EXISTS (SELECT FROM unnest(tier_matrix) t WHERE t IS NULL OR t < 1);
COMMENT ON FUNCTION engage_internal.valid_tiers(double precision[], numeric[], integer[]) IS
	'Whether the bands ascend and the matrix has a tier, 1 or more, for each pair of them. For policy''s constraint.';

CREATE FUNCTION engage_internal.valid_bands(bands integer[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(bands, NULL) IS NULL AND cardinality(bands) > 0
	AND cardinality(bands) <= 100 AND 1 <= ALL (bands) AND 1000000 >= ALL (bands)
	AND bands = ARRAY(SELECT DISTINCT u FROM unnest(bands) u ORDER BY u);
COMMENT ON FUNCTION engage_internal.valid_bands(integer[]) IS 'Whether there are 1 to 100 bands, ascending, from 1 or more to 1,000,000 or less. For policy''s constraint.';

CREATE TABLE engage.policy (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	zone text NOT NULL,
	region text NOT NULL CHECK (region ~ '^[A-Z]{2}$'),
	flag_current_for interval NOT NULL DEFAULT '28 days' CHECK (flag_current_for > '0'::interval AND flag_current_for <= '100 years'::interval),
	lag_allowed interval NOT NULL DEFAULT '5 minutes' CHECK (lag_allowed > '0'::interval AND lag_allowed <= '10 years'::interval),
	keep_runs_for interval NOT NULL DEFAULT '90 days' CHECK (keep_runs_for > '0'::interval AND keep_runs_for <= '10 years'::interval),
	risk_horizon interval NOT NULL DEFAULT '28 days' CONSTRAINT policy_risk_horizon CHECK (risk_horizon >= '1 day'::interval
		AND risk_horizon <= '1000 days'::interval AND date_part('month', risk_horizon) = 0
		AND date_part('year', risk_horizon) = 0),
	rescore_every interval NOT NULL DEFAULT '1 day' CHECK (rescore_every > '0'::interval AND rescore_every <= '10 years'::interval),
	refit_every interval DEFAULT '7 days' CHECK (refit_every > '0'::interval AND refit_every <= '100 years'::interval),
	demand_bands double precision[] NOT NULL DEFAULT '{0.05, 0.2, 0.5}',
	harm_bands numeric[] NOT NULL DEFAULT '{2, 5, 10}',
	tier_matrix integer[] NOT NULL DEFAULT '{{5, 4, 3, 3}, {4, 3, 3, 2}, {3, 3, 2, 1}, {2, 2, 1, 1}}',
	contact_bands integer[] NOT NULL DEFAULT '{1, 2, 5, 10, 20, 50}' CONSTRAINT policy_contact_bands CHECK (engage_internal.valid_bands(contact_bands)),
	minimum_cell integer NOT NULL DEFAULT 5 CHECK (minimum_cell >= 2 AND minimum_cell <= 1000000),
	emergency_override text NOT NULL DEFAULT 'Assess every call on what is said now. If life may be at risk, respond as to anybody.'
		CHECK (btrim(emergency_override) <> ''),
	CONSTRAINT policy_tiers CHECK (engage_internal.valid_tiers(demand_bands, harm_bands, tier_matrix))
);
COMMENT ON TABLE engage.policy IS 'The force''s settings, in one row that setup() makes.';
COMMENT ON COLUMN engage.policy.zone IS 'Time zone of local days and weeks, by name.';
COMMENT ON COLUMN engage.policy.region IS 'Region of numbers written without a country code, as a two-letter ISO 3166 code.';
COMMENT ON COLUMN engage.policy.flag_current_for IS 'How long a flag stays current after the last contact at which its rule was met; up to 100 years.';
COMMENT ON COLUMN engage.policy.lag_allowed IS 'How old the oldest unrefreshed change may get before health() warns; up to 10 years.';
COMMENT ON COLUMN engage.policy.keep_runs_for IS 'How long refresh_run keeps its rows; up to 10 years.';
COMMENT ON COLUMN engage.policy.risk_horizon IS 'How far ahead demand is predicted; a change applies from the next fit.';
COMMENT ON COLUMN engage.policy.rescore_every IS 'How old scores may get before refresh recomputes them all.';
COMMENT ON COLUMN engage.policy.refit_every IS 'How old the fit of the risk factors may get before refresh makes a new one; NULL: only fit_risk() fits.';
COMMENT ON COLUMN engage.policy.demand_bands IS 'Probabilities at which the next band of demand begins, ascending.';
COMMENT ON COLUMN engage.policy.harm_bands IS 'Points at which the next band of harm begins, ascending.';
COMMENT ON COLUMN engage.policy.tier_matrix IS
	'The tier for each band of harm (rows, lowest first) and of demand (columns). Look at tier 1 first.';
COMMENT ON COLUMN engage.policy.contact_bands IS 'Numbers of contacts in 28 days at which each band of dashboards begins, ascending.';
COMMENT ON COLUMN engage.policy.minimum_cell IS 'Counts of people or contacts below this are not published.';
COMMENT ON COLUMN engage.policy.emergency_override IS 'The text that every lookup shows first.';
SELECT pg_extension_config_dump('engage.policy', '');

CREATE TABLE engage.preset_channel (
	channel engage.contact_channel PRIMARY KEY,
	channel_key integer NOT NULL UNIQUE,
	label text NOT NULL,
	is_emergency boolean NOT NULL,
	channel_group text NOT NULL
);
COMMENT ON TABLE engage.preset_channel IS 'Shipped labels of channels, from which setup() fills channel.';
COMMENT ON COLUMN engage.preset_channel.channel_key IS 'The key of the channel in dashboards.';
COMMENT ON COLUMN engage.preset_channel.channel_group IS 'The group of the channel in dashboards, unless it is an emergency line.';
INSERT INTO engage.preset_channel (channel, channel_key, label, is_emergency, channel_group) VALUES
	('999_voice', 1, '999 call', true, 'Non-emergency telephone'),
	('101_voice', 2, '101 call', false, 'Non-emergency telephone'),
	('switchboard', 3, 'Switchboard', false, 'Non-emergency telephone'),
	('digital_desk', 4, 'Digital desk', false, 'Digital'),
	('live_chat', 5, 'Live chat', false, 'Digital'),
	('email', 6, 'E-mail', false, 'Digital'),
	('online_report', 7, 'Online report', false, 'Digital'),
	('portal', 8, 'Portal', false, 'Digital'),
	('sms_999', 9, '999 text message', true, 'Digital'),
	('relay_999', 10, '999 relay', true, 'Digital'),
	('bsl_999', 11, '999 sign language', true, 'Digital'),
	('video', 12, 'Video', false, 'Digital'),
	('in_person', 13, 'In person', false, 'Other'),
	('callback', 14, 'Call-back', false, 'Non-emergency telephone'),
	('partner', 15, 'Partner', false, 'Other'),
	('other', 16, 'Other', false, 'Other');

CREATE TABLE engage.channel (
	channel engage.contact_channel PRIMARY KEY,
	label text NOT NULL CHECK (btrim(label) <> ''),
	is_emergency boolean NOT NULL
);
COMMENT ON TABLE engage.channel IS 'The force''s labels of channels, and which are emergency lines.';
-- dashboards group by it: Power BI treats labels that differ only by case or trailing blanks as the same
CREATE UNIQUE INDEX channel_label ON engage.channel (lower(btrim(label)));
SELECT pg_extension_config_dump('engage.channel', '');

CREATE VIEW engage_internal.current_channel AS
SELECT p.channel, p.channel_key, COALESCE(c.label, p.label) AS label, COALESCE(c.is_emergency, p.is_emergency) AS is_emergency, p.channel_group
FROM engage.preset_channel p
LEFT JOIN engage.channel c ON c.channel = p.channel;
COMMENT ON VIEW engage_internal.current_channel IS 'Every channel: what the force set (channel) wins over what is shipped (preset_channel).';

CREATE TABLE engage.known_number (
	number text PRIMARY KEY CONSTRAINT known_number_is_e164 CHECK (number ~ '^[+][0-9]{4,15}$'),
	sharing engage.number_sharing NOT NULL,
	label text,
	added_at timestamptz NOT NULL DEFAULT now(),
	added_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.known_number IS
	'Numbers that are known to be shared, or not to stand for one person: payphones, wards, hostels, alarm companies, partner control rooms. Write them in any format; they are kept in E.164, as phone() gives it.';
COMMENT ON COLUMN engage.known_number.sharing IS 'Payphone, communal and organisation numbers never stand for a caller.';
COMMENT ON COLUMN engage.known_number.label IS 'What a call handler should read, such as Phone box, High Street.';
SELECT pg_extension_config_dump('engage.known_number', '');

CREATE FUNCTION engage_internal.known_number_written() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	e164 text := engage.phone(NEW.number, COALESCE((SELECT o.region FROM engage.policy o), 'GB'));
BEGIN
	IF e164 IS NOT NULL THEN
		NEW.number := e164;
	ELSIF NEW.number ~ '^[+][1-9][0-9]{3,14}$' THEN
		-- a dump of an earlier version may contain what was a valid number at the time, and must be restored
		RAISE WARNING 'engage.phone() does not accept this known number, so no contact has it'
			USING HINT = 'engage.phone_kind(number) says what it is.';
	ELSIF NEW.number IS NOT NULL THEN
		RAISE EXCEPTION 'the number is not a valid telephone number'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Use a number that engage.phone(number) accepts, such as 01632 960018 or +441632960018.';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION engage_internal.known_number_written() IS
	'Trigger: keeps a known number in E.164, however it was written, as read in the policy''s region. An error (22023) if it is not a telephone number.';
CREATE TRIGGER known_number_written BEFORE INSERT OR UPDATE OF number ON engage.known_number
	FOR EACH ROW EXECUTE FUNCTION engage_internal.known_number_written();

CREATE TYPE engage.detail_kind AS ENUM ('name', 'text', 'address', 'date', 'postcode', 'email', 'identifier', 'category');
COMMENT ON TYPE engage.detail_kind IS
	'How values of a detail are compared: name; text, such as a place of birth; address, where somebody lives; date; postcode; email; identifier, letters and digits that stand for one person or thing; category, one of a few values.';

CREATE TABLE engage.identity_detail (
	key text PRIMARY KEY CONSTRAINT identity_detail_key_is_short CHECK (key ~ '^[^:]{1,50}$'),
	kind engage.detail_kind NOT NULL,
	added_at timestamptz NOT NULL DEFAULT now(),
	added_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.identity_detail IS
	'Keys of contact.details that help to identify people, besides the columns of contact. name_identity_details() sets them.';
SELECT pg_extension_config_dump('engage.identity_detail', '');

CREATE FUNCTION engage_internal.refuse_without_setup() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'engage is not set up'
		USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.setup();';
END
$$;
COMMENT ON FUNCTION engage_internal.refuse_without_setup() IS 'Says (55000) that engage is not set up: for functions that found no policy.';
