/*
 * Lists that a force keeps for its dashboards: districts, incident codes and
 * bank holidays.
 *
 * They are allow-lists: a contact may have free text in these fields, and only
 * listed values reach a dashboard.
 */

CREATE TABLE engage.district (
	district_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (district_key > 0),
	district text NOT NULL UNIQUE CHECK (btrim(district) <> ''),
	label text NOT NULL CHECK (btrim(label) <> ''),
	csu text
);
COMMENT ON TABLE engage.district IS
	'The force''s districts, with the codes of contact.district. A contact with any other code counts under the unknown district.';
COMMENT ON COLUMN engage.district.district IS 'Code of the district, as contacts give it.';
COMMENT ON COLUMN engage.district.label IS 'The name that dashboards show.';
COMMENT ON COLUMN engage.district.csu IS 'The Community Safety Unit that looks after the district; NULL if there is none.';
-- a dashboard treats labels that differ only by case or blanks as the same
CREATE UNIQUE INDEX district_key_in_any_case ON engage.district (lower(btrim(district)));
CREATE UNIQUE INDEX district_label_in_any_case ON engage.district (lower(btrim(label)));
SELECT pg_extension_config_dump('engage.district', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.district', 'district_key')::regclass, '');

CREATE TABLE engage.incident_code (
	contact_type_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (contact_type_key > 0),
	code text NOT NULL UNIQUE CHECK (btrim(code) <> ''),
	label text NOT NULL CHECK (btrim(label) <> ''),
	category text,
	demand_class text,
	is_policing boolean
);
COMMENT ON TABLE engage.incident_code IS
	'The force''s opening and closing codes. A contact counts under its closing code, or its opening code if it has no closing code, and under the unknown type if that code is not listed.';
COMMENT ON COLUMN engage.incident_code.label IS 'The name that dashboards show.';
COMMENT ON COLUMN engage.incident_code.category IS 'A group of codes; NULL if the code is in no group.';
COMMENT ON COLUMN engage.incident_code.demand_class IS 'Such as policing, partner_duty, avoidable_policing, non_policing; NULL if not classed.';
COMMENT ON COLUMN engage.incident_code.is_policing IS 'Whether the police should deal with it; NULL if undecided.';
CREATE UNIQUE INDEX incident_code_in_any_case ON engage.incident_code (lower(btrim(code)));
SELECT pg_extension_config_dump('engage.incident_code', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.incident_code', 'contact_type_key')::regclass, '');

CREATE TABLE engage.preset_bank_holiday (
	day date PRIMARY KEY,
	label text NOT NULL
);
COMMENT ON TABLE engage.preset_bank_holiday IS
	'Bank holidays in England and Wales, from which setup() fills bank_holiday: proclaimed ones as far as they were known, later ones by rule.';
INSERT INTO engage.preset_bank_holiday VALUES
	('2015-01-01', 'New Year''s Day'), ('2015-04-03', 'Good Friday'), ('2015-04-06', 'Easter Monday'),
	('2015-05-04', 'Early May bank holiday'), ('2015-05-25', 'Spring bank holiday'), ('2015-08-31', 'Summer bank holiday'),
	('2015-12-25', 'Christmas Day'), ('2015-12-28', 'Boxing Day (substitute)'), ('2016-01-01', 'New Year''s Day'),
	('2016-03-25', 'Good Friday'), ('2016-03-28', 'Easter Monday'), ('2016-05-02', 'Early May bank holiday'),
	('2016-05-30', 'Spring bank holiday'), ('2016-08-29', 'Summer bank holiday'), ('2016-12-26', 'Boxing Day'),
	('2016-12-27', 'Christmas Day (substitute)'), ('2017-01-02', 'New Year''s Day (substitute)'), ('2017-04-14', 'Good Friday'),
	('2017-04-17', 'Easter Monday'), ('2017-05-01', 'Early May bank holiday'), ('2017-05-29', 'Spring bank holiday'),
	('2017-08-28', 'Summer bank holiday'), ('2017-12-25', 'Christmas Day'), ('2017-12-26', 'Boxing Day'),
	('2018-01-01', 'New Year''s Day'), ('2018-03-30', 'Good Friday'), ('2018-04-02', 'Easter Monday'),
	('2018-05-07', 'Early May bank holiday'), ('2018-05-28', 'Spring bank holiday'), ('2018-08-27', 'Summer bank holiday'),
	('2018-12-25', 'Christmas Day'), ('2018-12-26', 'Boxing Day'), ('2019-01-01', 'New Year''s Day'),
	('2019-04-19', 'Good Friday'), ('2019-04-22', 'Easter Monday'), ('2019-05-06', 'Early May bank holiday'),
	('2019-05-27', 'Spring bank holiday'), ('2019-08-26', 'Summer bank holiday'), ('2019-12-25', 'Christmas Day'),
	('2019-12-26', 'Boxing Day'), ('2020-01-01', 'New Year''s Day'), ('2020-04-10', 'Good Friday'),
	('2020-04-13', 'Easter Monday'), ('2020-05-08', 'Early May bank holiday'), ('2020-05-25', 'Spring bank holiday'),
	('2020-08-31', 'Summer bank holiday'), ('2020-12-25', 'Christmas Day'), ('2020-12-28', 'Boxing Day (substitute)'),
	('2021-01-01', 'New Year''s Day'), ('2021-04-02', 'Good Friday'), ('2021-04-05', 'Easter Monday'),
	('2021-05-03', 'Early May bank holiday'), ('2021-05-31', 'Spring bank holiday'), ('2021-08-30', 'Summer bank holiday'),
	('2021-12-27', 'Christmas Day (substitute)'), ('2021-12-28', 'Boxing Day (substitute)'), ('2022-01-03', 'New Year''s Day (substitute)'),
	('2022-04-15', 'Good Friday'), ('2022-04-18', 'Easter Monday'), ('2022-05-02', 'Early May bank holiday'),
	('2022-06-02', 'Spring bank holiday'), ('2022-06-03', 'Platinum Jubilee'), ('2022-08-29', 'Summer bank holiday'),
	('2022-09-19', 'State Funeral of Queen Elizabeth II'), ('2022-12-26', 'Boxing Day'), ('2022-12-27', 'Christmas Day (substitute)'),
	('2023-01-02', 'New Year''s Day (substitute)'), ('2023-04-07', 'Good Friday'), ('2023-04-10', 'Easter Monday'),
	('2023-05-01', 'Early May bank holiday'), ('2023-05-08', 'Coronation of King Charles III'), ('2023-05-29', 'Spring bank holiday'),
	('2023-08-28', 'Summer bank holiday'), ('2023-12-25', 'Christmas Day'), ('2023-12-26', 'Boxing Day'),
	('2024-01-01', 'New Year''s Day'), ('2024-03-29', 'Good Friday'), ('2024-04-01', 'Easter Monday'),
	('2024-05-06', 'Early May bank holiday'), ('2024-05-27', 'Spring bank holiday'), ('2024-08-26', 'Summer bank holiday'),
	('2024-12-25', 'Christmas Day'), ('2024-12-26', 'Boxing Day'), ('2025-01-01', 'New Year''s Day'),
	('2025-04-18', 'Good Friday'), ('2025-04-21', 'Easter Monday'), ('2025-05-05', 'Early May bank holiday'),
	('2025-05-26', 'Spring bank holiday'), ('2025-08-25', 'Summer bank holiday'), ('2025-12-25', 'Christmas Day'),
	('2025-12-26', 'Boxing Day'), ('2026-01-01', 'New Year''s Day'), ('2026-04-03', 'Good Friday'),
	('2026-04-06', 'Easter Monday'), ('2026-05-04', 'Early May bank holiday'), ('2026-05-25', 'Spring bank holiday'),
	('2026-08-31', 'Summer bank holiday'), ('2026-12-25', 'Christmas Day'), ('2026-12-28', 'Boxing Day (substitute)'),
	('2027-01-01', 'New Year''s Day'), ('2027-03-26', 'Good Friday'), ('2027-03-29', 'Easter Monday'),
	('2027-05-03', 'Early May bank holiday'), ('2027-05-31', 'Spring bank holiday'), ('2027-08-30', 'Summer bank holiday'),
	('2027-12-27', 'Christmas Day (substitute)'), ('2027-12-28', 'Boxing Day (substitute)'), ('2028-01-03', 'New Year''s Day (substitute)'),
	('2028-04-14', 'Good Friday'), ('2028-04-17', 'Easter Monday'), ('2028-05-01', 'Early May bank holiday'),
	('2028-05-29', 'Spring bank holiday'), ('2028-08-28', 'Summer bank holiday'), ('2028-12-25', 'Christmas Day'),
	('2028-12-26', 'Boxing Day'), ('2029-01-01', 'New Year''s Day'), ('2029-03-30', 'Good Friday'),
	('2029-04-02', 'Easter Monday'), ('2029-05-07', 'Early May bank holiday'), ('2029-05-28', 'Spring bank holiday'),
	('2029-08-27', 'Summer bank holiday'), ('2029-12-25', 'Christmas Day'), ('2029-12-26', 'Boxing Day'),
	('2030-01-01', 'New Year''s Day'), ('2030-04-19', 'Good Friday'), ('2030-04-22', 'Easter Monday'),
	('2030-05-06', 'Early May bank holiday'), ('2030-05-27', 'Spring bank holiday'), ('2030-08-26', 'Summer bank holiday'),
	('2030-12-25', 'Christmas Day'), ('2030-12-26', 'Boxing Day'), ('2031-01-01', 'New Year''s Day'),
	('2031-04-11', 'Good Friday'), ('2031-04-14', 'Easter Monday'), ('2031-05-05', 'Early May bank holiday'),
	('2031-05-26', 'Spring bank holiday'), ('2031-08-25', 'Summer bank holiday'), ('2031-12-25', 'Christmas Day'),
	('2031-12-26', 'Boxing Day'), ('2032-01-01', 'New Year''s Day'), ('2032-03-26', 'Good Friday'),
	('2032-03-29', 'Easter Monday'), ('2032-05-03', 'Early May bank holiday'), ('2032-05-31', 'Spring bank holiday'),
	('2032-08-30', 'Summer bank holiday'), ('2032-12-27', 'Christmas Day (substitute)'), ('2032-12-28', 'Boxing Day (substitute)');

CREATE TABLE engage.bank_holiday (
	day date PRIMARY KEY,
	label text NOT NULL
);
COMMENT ON TABLE engage.bank_holiday IS 'The force''s bank holidays, by local date.';
SELECT pg_extension_config_dump('engage.bank_holiday', '');

-- Only those who read contacts can ask: a value may be free text.
CREATE VIEW engage.unlisted_value WITH (security_barrier) AS
SELECT 'district'::text AS field, c.district AS value, count(*) AS contacts, max(c.occurred_at) AS last_at
FROM engage.contact c
WHERE c.district IS NOT NULL AND NOT EXISTS (SELECT FROM engage.district d WHERE d.district = c.district)
GROUP BY c.district
UNION ALL
SELECT 'incident_code', k.code, count(*), max(c.occurred_at)
FROM engage.contact c, LATERAL (SELECT COALESCE(c.closing_code, c.opening_code) AS code) k
WHERE k.code IS NOT NULL AND NOT EXISTS (SELECT FROM engage.incident_code i WHERE i.code = k.code)
GROUP BY k.code;
COMMENT ON VIEW engage.unlisted_value IS
	'Districts and codes that contacts have and the lists do not, with how many contacts: what to list next, or to fix at the source. Reads all contacts.';
