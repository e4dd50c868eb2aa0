/*
 * Lists that a force keeps for its dashboards: districts, incident codes and
 * bank holidays.
 *
 * They are allow-lists: what a contact holds in these fields may be free text,
 * and only what is listed reaches a dashboard.
 */

CREATE TABLE engage.district (
	district_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	district text NOT NULL UNIQUE,
	label text NOT NULL,
	csu text
);
COMMENT ON TABLE engage.district IS
	'The force''s districts, as contact.district has them. A contact with any other text there counts under the unknown district.';
COMMENT ON COLUMN engage.district.district IS 'As contacts have it.';
COMMENT ON COLUMN engage.district.label IS 'What dashboards show.';
COMMENT ON COLUMN engage.district.csu IS 'The Community Safety Unit that looks after it; NULL if none is named.';
SELECT pg_catalog.pg_extension_config_dump('engage.district', '');
SELECT pg_catalog.pg_extension_config_dump(pg_catalog.pg_get_serial_sequence('engage.district', 'district_key')::regclass, '');

CREATE TABLE engage.incident_code (
	contact_type_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	code text NOT NULL UNIQUE,
	label text NOT NULL,
	category text,
	demand_class text,
	is_policing boolean
);
COMMENT ON TABLE engage.incident_code IS
	'The force''s opening and closing codes. A contact counts under its closing code, under its opening code where it has none, and under the unknown type where that is not listed.';
COMMENT ON COLUMN engage.incident_code.label IS 'What dashboards show.';
COMMENT ON COLUMN engage.incident_code.category IS 'A group of codes; NULL if none is named.';
COMMENT ON COLUMN engage.incident_code.demand_class IS 'Such as policing, partner_duty, avoidable_policing, non_policing; NULL if not classed.';
COMMENT ON COLUMN engage.incident_code.is_policing IS 'Whether it is for the police to deal with; NULL if that is open.';
SELECT pg_catalog.pg_extension_config_dump('engage.incident_code', '');
SELECT pg_catalog.pg_extension_config_dump(pg_catalog.pg_get_serial_sequence('engage.incident_code', 'contact_type_key')::regclass, '');

CREATE TABLE engage.preset_bank_holiday (
	day date PRIMARY KEY,
	label text NOT NULL
);
COMMENT ON TABLE engage.preset_bank_holiday IS
	'Bank holidays in England and Wales, from which setup() fills bank_holiday: those proclaimed as far as they were known, later ones by rule.';
INSERT INTO engage.preset_bank_holiday VALUES
	('2026-12-25', 'Christmas Day');

CREATE TABLE engage.bank_holiday (
	day date PRIMARY KEY,
	label text NOT NULL
);
COMMENT ON TABLE engage.bank_holiday IS 'The force''s bank holidays, by local date.';
SELECT pg_catalog.pg_extension_config_dump('engage.bank_holiday', '');

-- Only those who read contacts can ask: a value may be free text.
CREATE VIEW engage.unlisted_value AS
SELECT 'district'::text AS field, c.district AS value, pg_catalog.count(*) AS contacts, pg_catalog.max(c.occurred_at) AS last_at
FROM engage.contact c
WHERE c.district IS NOT NULL AND NOT EXISTS (SELECT FROM engage.district d WHERE d.district OPERATOR(pg_catalog.=) c.district)
GROUP BY c.district
UNION ALL
SELECT 'incident_code', k.code, pg_catalog.count(*), pg_catalog.max(c.occurred_at)
FROM engage.contact c, LATERAL (SELECT COALESCE(c.closing_code, c.opening_code) AS code) k
WHERE k.code IS NOT NULL AND NOT EXISTS (SELECT FROM engage.incident_code i WHERE i.code OPERATOR(pg_catalog.=) k.code)
GROUP BY k.code;
COMMENT ON VIEW engage.unlisted_value IS
	'Districts and codes that contacts have and the lists do not, with how many contacts: what to list next, or to mend at the source. Reads all contacts.';
