-- Advanced Mobile Location: the position that a handset sends with a 999 call.

CREATE TYPE engage.aml_location AS (
	latitude float8,
	longitude float8,
	radius_m float8,
	positioned_at timestamptz,
	confidence integer,
	method text,
	imei text,
	imsi_prefix text,
	mcc text,
	mnc text
);
COMMENT ON TYPE engage.aml_location IS 'The content of an Advanced Mobile Location message; made by engage.aml. A column is NULL if the message does not give it.';
COMMENT ON COLUMN engage.aml_location.latitude IS 'Degrees north, WGS 84; NULL when the handset had no position.';
COMMENT ON COLUMN engage.aml_location.longitude IS 'Degrees east, WGS 84; NULL when the handset had no position.';
COMMENT ON COLUMN engage.aml_location.radius_m IS 'The caller is within this many metres, with the given confidence; NULL when the handset had no position.';
COMMENT ON COLUMN engage.aml_location.positioned_at IS 'When the handset found its position, or gave up.';
COMMENT ON COLUMN engage.aml_location.confidence IS 'Probability that the caller is within radius_m, in percent.';
COMMENT ON COLUMN engage.aml_location.method IS 'gnss, wifi, cell, none (no position) or unknown.';
COMMENT ON COLUMN engage.aml_location.imei IS 'The handset: 14 to 16 digits. It stays the same when the SIM is changed. NULL if all digits are zero.';
COMMENT ON COLUMN engage.aml_location.imsi_prefix IS 'First six digits of the SIM''s IMSI: its country and network, not the subscriber. The other digits are never stored.';
COMMENT ON COLUMN engage.aml_location.mcc IS 'Mobile country code of the network in use.';
COMMENT ON COLUMN engage.aml_location.mnc IS 'Mobile network code of the network in use.';

CREATE FUNCTION engage.aml(payload text) RETURNS engage.aml_location
	AS 'MODULE_PATHNAME', 'engage_aml'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.aml(text) IS
'Reads an Advanced Mobile Location message (ETSI TS 103 625, version 1), such as A"ML=1;lt=+51.53321;lg=-0.12601;rd=14 and so on. NULL gives NULL. A message without a position (rd=N, pm=N, both coordinates zero or missing) gives NULL coordinates, never (0,0). Unknown keys are ignored. Error 22P02, with the key, for a message that is malformed, repeats a key, or has a value out of range. ml, the length, must be a number but is not checked: senders count it differently.';
