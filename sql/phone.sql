-- engage.phone and engage.phone_kind.  Numbers of Ofcom's drama ranges, and
-- where a kind has none, numbers made of zeros.
SET search_path = engage, engage_internal, public;

-- how a number is written
SELECT raw, phone(raw), phone_kind(raw)
FROM (VALUES
	('07700 900123'), ('+44 7700 900123'), ('+44 (0)7700 900123'), ('0044 7700 900123'),
	('0044 (0) 7700 900123'), ('447700900123'), ('44 07700 900123'), ('7700900123'),
	('07700-900-123'), ('07700.900.123'), ('(07700) 900123'), ('[07700] 900_123'),
	('  07700 900123  '), ('(+44) 7700 900123'), ('''07700900123'), ('="07700900123"'),
	('7700900123.0'), ('447700900123.0'), ('Tel: 07700 900123'), ('Mobile no. 07700 900123'),
	('tel:+44-7700-900123'), ('sip:+447700900123@ims.example;user=phone'),
	('141 07700 900123'), ('14107700900123'), ('1470 07700 900123'), ('147007700900123'),
	('141 +44 7700 900123'), ('141 0044 7700 900123'), ('#31#07700900123'), ('*31#07700900123'),
	('(020) 7946 0123'), ('020 7946 0123 ext 12'), ('020 7946 0123 ext. 12'), ('020 7946 0123x12'),
	('020 7946 0123 #12'), ('0207946 0123 Extension: 12'), ('tel:+44-20-7946-0123;ext=12'),
	('141 020 7946 0123')) AS t(raw);

-- the same with characters that are not ASCII
SELECT note, phone(raw), phone_kind(raw)
FROM (VALUES
	('no-break space', U&'07700\00A0900123'), ('narrow no-break space', U&'07700\202F900123'),
	('en dash', U&'07700\2013900123'), ('minus', U&'07700\2212900123'),
	('writing direction marks', U&'\202A+44 7700 900123\202C'), ('byte order mark', U&'\FEFF07700900123'),
	('full-width', U&'\FF10\FF17\FF17\FF10\FF10\3000\FF19\FF10\FF10\FF11\FF12\FF13'),
	('Arabic digits', U&'\0660\0667\0667\0660\0660\0669\0660\0660\0661\0662\0663'),
	('another script''s digits', U&'\0966\096D\096D\0966\0966\096F\0966\0966\0967\0968\0969'),
	('accented letter', U&'07700 90012\00E9'), ('four bytes', U&'07700 900123\+01F4DE')) AS t(note, raw);

-- the area codes of Glasgow and Skye are no prefixes
SELECT raw, phone(raw)
FROM (VALUES ('0141 496 0123'), ('141 496 0123'), ('+44 141 496 0123'), ('01470 500001'), ('1470 500001')) AS t(raw);

-- the first and last number of every range that Ofcom sets aside for drama
SELECT first, phone(first), last, phone(last), phone_kind(first) AS kind, phone_kind(first) = phone_kind(last) AS same
FROM (
	SELECT code || '4960000' AS first, code || '4960999' AS last
	FROM unnest(ARRAY['0113', '0114', '0115', '0116', '0117', '0118', '0121', '0131', '0141', '0151', '0161']) AS code
	UNION ALL
	VALUES ('01914980000', '01914980999'), ('02079460000', '02079460999'), ('02890180000', '02890180999'),
		('02896496000', '02896496999'), ('02920180000', '02920180999'), ('01632960000', '01632960999'),
		('07700900000', '07700900999'), ('08081570000', '08081570999'), ('09098790000', '09098790999'),
		('03069990000', '03069990999')) AS ranges
ORDER BY first;

-- what the leading digits of +44 tell
SELECT raw, phone(raw), phone_kind(raw)
FROM (VALUES
	('01600 000001'), ('016977 0001'), ('02000 000001'), ('03000 000001'), ('0500 000001'), ('05500 000001'),
	('05600 000001'), ('07000 000001'), ('07600 000001'), ('07624 000001'), ('0800 000001'), ('0800 1111'),
	('08450 000001'), ('08700 000001'), ('09000 000001')) AS t(raw);

-- no number: words
SELECT raw, phone(raw), phone_kind(raw)
FROM (VALUES
	('withheld'), ('Number withheld'), ('WITHHELD'), ('anonymous'), ('sip:anonymous@anonymous.invalid'),
	('Private number'), ('restricted'), ('unknown'), ('Not known'), ('unavailable'), ('Number unavailable'),
	('N/A'), ('n.a.'), ('none'), ('null'), ('no CLI'), ('payphone'), ('Phone box, High St'), ('KIOSK'),
	('payphone 01632 960123'), ('07700 900123 (withheld)'), ('emergency roaming'), ('Limited service'),
	('nonesuch'), ('unknowns'), ('mum''s phone')) AS t(raw);

-- no number: digits
SELECT raw, phone(raw), phone_kind(raw)
FROM (VALUES
	('0'), ('000'), ('00000000000'), ('999'), ('112'), ('101'), ('111'), ('55'), ('1471'), ('118500'), ('116 123'),
	('960123'), ('08979 000123'), ('8979000123'), ('+448979000123'), ('0044 8979 000123'), ('08979 0001'),
	('1111111111'), ('07777 777777'), ('00 55 5555 5555'), ('9'), ('4960123'), ('0770090012'), ('077009001234'), ('04000 000001'),
	('06000 000001'), ('+44'), ('+44 999'), ('+999 123456'), ('123456789012345678')) AS t(raw);

-- malformed: never a number that nobody typed
SELECT raw, phone(raw), phone_kind(raw)
FROM (VALUES
	(''), (' '), ('+'), ('-'), ('()'), ('#'), ('x12'), ('?'), ('07700 9001O3'), ('07700 90012?'),
	('4.47700900123E+11'), ('07700 900123 / 07700 900456'), ('01632 960123/4'), ('07700 900123, 07700 900456'),
	('07700 900123 or 900456'), ('07700 900123 ext'), ('07700 900123 ext 12345678'), ('07700 900123 x 12 x 13'),
	('++44 7700 900123'), ('+44+7700900123'), ('07700+900123'), ('0+447700900123'), (E'07700\x01900123'),
	('07700 900123; DROP TABLE x'), ('%s%n%s%n'), ('0x7700900123')) AS t(raw);

SELECT note, phone(raw) IS NULL AS none, phone_kind(raw)
FROM (VALUES
	('10,000 digits', repeat('7', 10000)), ('10,000 blanks', repeat(' ', 10000)),
	('10,000 plus signs', repeat('+', 10000)), ('10,000 letters', repeat('withheld', 1250)),
	('blanks of all sorts', E' \t\r\n\f\u00a0 '), ('10,000 no-break spaces', repeat(U&'\00A0', 10000)), ('129 bytes', '07700900123' || repeat('-', 117) || '0'),
	('a number in 10,000 blanks', repeat(' ', 5000) || '07700900123' || repeat(' ', 5000)),
	('128 bytes', '0' || repeat('-', 117) || '7700900123')) AS t(note, raw);

-- other countries: by their own rules in their own region, else international
-- (numbers that the regulators of Australia, France and Ireland set aside for
-- drama, and North America's 555)
SELECT raw, region, phone(raw, region), phone_kind(raw, region)
FROM (VALUES
	('0491 570 006', 'AU'), ('(02) 5550 0123', 'AU'), ('1800 160 401', 'AU'), ('0491 570 006', 'GB'), ('+61 491 570 006', 'GB'),
	('06 39 98 00 12', 'FR'), ('+33 6 39 98 00 12', 'FR'), ('+33 6 39 98 00 12', 'GB'), ('0033 639 980012', 'GB'),
	('06 39 98 00 12', 'GB'), ('07700 900123', 'FR'), ('+44 7700 900123', 'FR'), ('00 44 7700 900123', 'FR'),
	('(201) 555-0123', 'US'), ('011 44 7700 900123', 'US'), ('+1 201 555 0123', 'GB'), ('17', 'FR'), ('911', 'US'),
	('020 911 0123', 'IE'), ('+353 20 911 0123', 'GB'), ('withheld', 'FR'), ('141 07700 900123', 'FR'),
	('07700 900123', 'JE'), ('07700 900123', 'gb'), ('50001', 'FK')) AS t(raw, region);
SELECT phone('06 39 98 00 12', 'FR') = phone('+33639980012') AS region_is_passed_through,
	phone(raw => '06 39 98 00 12', region => 'FR') AS named;

-- every answer is one of the documented kinds, a number is there exactly for
-- the kinds that have one, and it stays the same when read again
WITH raw(raw) AS (
	SELECT prefix || repeat(fill, length) || tail
	FROM unnest(ARRAY['', '0', '+44', '0044', '+44 (0)', '141 0', '44', '00', '+', '+33', '+1', '+49']) AS prefix,
		unnest(ARRAY['1', '20', '305', '7700900', '8', '96']) AS fill,
		generate_series(0, 6) AS length, unnest(ARRAY['', '0', '12', '123', ' x4']) AS tail)
SELECT phone_kind(raw) AS kind, count(*), count(phone(raw)) AS numbers,
	count(*) FILTER (WHERE phone(phone(raw)) <> phone(raw) OR phone_kind(phone(raw)) <> phone_kind(raw)) AS unstable,
	count(*) FILTER (WHERE phone(raw) !~ '^[+][1-9][0-9]{4,14}$') AS not_e164
FROM raw
GROUP BY 1 ORDER BY 1;

-- NULL
SELECT phone(NULL) IS NULL, phone('07700 900123', NULL) IS NULL, phone_kind(NULL) IS NULL, phone_kind('0', NULL) IS NULL;

-- a region that is none
CREATE FUNCTION pg_temp.error_of(statement text) RETURNS TABLE (state text, message text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END
$$;
SELECT region, e.state, e.message
FROM unnest(ARRAY['ZZ', 'UK', '', 'G', 'GBR', '44', '+4', '001', E'G\u00e9', repeat(U&'\20AC', 9)]) AS region,
	pg_temp.error_of(format('SELECT engage.phone(''07700 900123'', %L)', region)) AS e;
SELECT message FROM pg_temp.error_of('SELECT engage.phone(''0'', repeat(''G'', 10000))');
SELECT * FROM pg_temp.error_of('SELECT engage.phone_kind(''withheld'', ''ZZ'')');
-- and the next call is unharmed
SELECT phone('06 39 98 00 12', 'FR');

-- in parallel workers, each of which starts the library for itself
CREATE TABLE phone_parallel AS
SELECT '+3363998' || to_char(i % 10000, 'FM0000') AS raw FROM generate_series(1, 20000) AS i;
ALTER TABLE phone_parallel SET (parallel_workers = 2);
ANALYZE phone_parallel;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(phone(raw)) FROM phone_parallel;
SELECT count(phone(raw)), min(phone(raw)), max(phone(raw)), min(phone_kind(raw, 'FR')) FROM phone_parallel;
SELECT state FROM pg_temp.error_of('SELECT count(engage.phone(raw, ''ZZ'')) FROM phone_parallel');
SELECT count(phone(raw)) FROM phone_parallel;
DROP TABLE phone_parallel;

SELECT proname, pg_get_function_arguments(oid), provolatile, proisstrict, proparallel
FROM pg_proc WHERE pronamespace = 'engage'::regnamespace AND proname IN ('phone', 'phone_kind') ORDER BY 1;
