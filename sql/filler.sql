-- Fillers: values that stand for "not known".
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- each kind: a filler, one in doubt, a real value
SELECT kind, value, is_filler(kind, value), is_certain_filler(kind, value) AS certain, filler_fold(kind, value) AS folded
FROM (VALUES
	('name', 'Unknown male'), ('name', 'Mrs'), ('name', 'Kelia'), ('given_name', ' N/K '), ('given_name', 'Nan'), ('given_name', 'Zoë'),
	('family_name', 'Not   PROVIDED.'), ('family_name', 'Null'), ('family_name', 'O''Neill-Null'),
	('date', '01/01/1900'), ('date', '1970-01-01'), ('date', '17 June 1984'), ('date', '17061984'),
	('address', 'Of no fixed abode'), ('address', '9 Mock Court'), ('postcode', 'zz99 3vz'), ('postcode', 'ME14 1XX'),
	('email', '<None@none.com>'), ('email', 'Kelia@example.com'), ('identifier', '-1'), ('identifier', 'NOM-00012'),
	('imei', '000000000000000'), ('imei', '359151099797978'), ('imei', '359151099797977'), ('number', 'N/K'), ('number', '07700 900123'),
	('text', 'n/a'), ('text', 'Maidstone'), ('category', 'not stated'), ('category', 'X')) v (kind, value);
SELECT is_filler('name', NULL), is_filler(NULL, 'x'), filler_fold('name', '---'), filler_fold('name', repeat('x', 121)), is_filler('name', repeat('x', 121));
SELECT pg_temp.refused($$SELECT engage.is_filler('nickname', 'x')$$);

-- the shipped list holds what it says
SELECT count(*) > 1200 AS many, count(*) FILTER (WHERE kind = 'name' AND meaning = 'word' AND NOT is_filler('name', value)) AS words_that_are_not,
	count(*) FILTER (WHERE kind IN ('date', 'postcode', 'imei') AND NOT is_filler(kind, value)) AS values_that_are_not,
	count(*) FILTER (WHERE kind = 'any' AND meaning = 'word' AND NOT is_filler('text', value)) AS others_that_are_not
FROM shipped_filler();

-- keys: fillers make no difference, and no persona
SELECT persona_key('07700 900123', 'Kelia', 'Unknown', '1900-01-01', 'NFA', 'ZZ99 3VZ', 'none', '0', 'N/K')
	= persona_key('07700 900123', 'Kelia', NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS same,
	persona_key(NULL, 'not', 'known', '1899-12-30', 'as above', 'N/K', 'test@test.com', '000000000000000', '0') AS nobody,
	persona_key(NULL, NULL, NULL, '1970-01-01', NULL, NULL, NULL, NULL, NULL) IS NOT NULL AS may_be_true;

-- details without fillers; what is certain cannot be real, what is doubtful can
SELECT * FROM without_fillers('+447700900123', 'Mrs', 'Null', '1970-01-01', 'NFA', 'ME14 1XX', '', NULL, 'DESK-7', '{"a": "0", "b": 17, "c": "N/K", "d": [1]}',
	'{"a": "identifier", "b": "identifier"}', NULL, NULL);
SELECT * FROM without_fillers('+447700900123', 'Mrs', 'Null', '1970-01-01', 'NFA', 'ME14 1XX', '', NULL, 'DESK-7', '{"a": "0", "b": 17}',
	'{"a": "identifier", "b": "identifier"}', '{number:+447700900123,identifier:desk7,identifier:17}', '{family_name:null,date:1970-01-01,name:mrs,NULL}');
SELECT has_value(NULL, 'Kelia', NULL, '1984-06-17', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{date:1984-06-17}') AS by_date,
	has_value(NULL, 'Kelia', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{name:kelia}') AS by_name,
	has_value(NULL, 'Kelia', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"w": "W-1"}', '{"w": "identifier"}', '{identifier:w1}') AS by_detail,
	has_value(NULL, 'Kelia', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"w": "W-1"}', NULL, '{identifier:w1,family_name:kelia}') AS none;

-- the force's list
SELECT setup();
INSERT INTO filler (kind, value) VALUES ('number', '07700 900123'), ('name', 'Jobseeker'), ('date', '3 May 1966');
INSERT INTO filler (kind, value, is_filler) VALUES ('family_name', 'Null', false);
SELECT kind, value, is_filler, folded FROM filler ORDER BY kind;
SELECT * FROM current_fillers();
SELECT usable_number('+44 7700 900123') IS NULL AS nobodys, usable_number('07700 900124');
SELECT split_part(pg_temp.refused($$INSERT INTO engage.filler (kind, value) VALUES ('name', 'JOBSEEKER!')$$), E'\n', 1);
SELECT split_part(pg_temp.refused($$INSERT INTO engage.filler (kind, value) VALUES ('name', '--')$$), E'\n', 1);
SELECT split_part(pg_temp.refused($$INSERT INTO engage.filler (kind, value, is_filler) VALUES ('name', 'Mrs', false)$$), E'\n', 1);
SELECT split_part(pg_temp.refused($$INSERT INTO engage.filler (kind, value) VALUES ('nickname', 'x')$$), E'\n', 1);
SELECT subject, filler FROM dirty WHERE subject = 'filler' ORDER BY filler;
CALL refresh();
SELECT count(*) FROM dirty;
TRUNCATE filler;
SELECT subject FROM dirty;

-- as other files want to find it
DROP EXTENSION engage;
CREATE EXTENSION engage;
