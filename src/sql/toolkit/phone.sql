-- Telephone numbers: E.164, and what kind of number a field holds.

CREATE FUNCTION engage.phone(raw text, region text DEFAULT 'GB') RETURNS text
	AS 'MODULE_PATHNAME', 'engage_phone'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.phone(text, text) IS
'Telephone number in E.164 form (+447700900123) from what a network sent or a person typed; NULL if there is none that could identify a caller (see engage.phone_kind) or an argument is NULL. region: two-letter ISO 3166 country whose national format is assumed if raw has no country code; anything else is an error (22023). +44 numbers are accepted by length and leading digits, allocated or not; others by length. An extension is dropped. Text longer than 128 bytes is not a number.';

CREATE FUNCTION engage.phone_kind(raw text, region text DEFAULT 'GB') RETURNS text
	AS 'MODULE_PATHNAME', 'engage_phone_kind'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.phone_kind(text, text) IS
'What a telephone field contains; never NULL unless an argument is. A number: mobile, fixed, fixed_or_mobile, voip, freephone, premium, shared_cost, personal, pager, uan (one number for an organisation), international (another calling code than the region''s). No number: payphone, withheld, unavailable, emergency_roaming (recognised by their words), inserted_08979 (inserted by a network), short_code (2 to 6 digits), malformed. region: as for engage.phone.';
