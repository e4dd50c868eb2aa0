-- Telephone numbers: E.164, and what kind of number a field holds.

CREATE FUNCTION engage.phone(raw text, region text DEFAULT 'GB') RETURNS text
	AS 'MODULE_PATHNAME', 'engage_phone'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.phone(text, text) IS
'Telephone number in E.164 form (+447700900123) from what a network sent or a person typed; NULL when there is none that could identify a caller (see engage.phone_kind) or an argument is NULL.
region: two-letter ISO 3166 country whose national form is assumed where raw has no country code; any other value is an error (22023).
Numbers of +44 are accepted by length and leading digits (Ofcom, National Telephone Numbering Plan), allocated or not, so that drama numbers pass; those of other countries by length (libphonenumber). An extension is dropped. Text longer than 128 bytes is no number.';

CREATE FUNCTION engage.phone_kind(raw text, region text DEFAULT 'GB') RETURNS text
	AS 'MODULE_PATHNAME', 'engage_phone_kind'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.phone_kind(text, text) IS
'Kind of number in a telephone field; never NULL unless an argument is.
With a number: mobile, fixed, fixed_or_mobile (the country does not tell them apart), voip, freephone, premium, shared_cost, personal, pager, uan (one number for an organisation), international (a calling code other than the region''s).
Without one, engage.phone being NULL: payphone, withheld, unavailable, emergency_roaming (all four recognised by their words), inserted_08979 (put in by a network that had no number), short_code (2 to 6 digits), malformed.
region: as for engage.phone.';
