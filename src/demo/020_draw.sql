-- Random draws and the spelling of details. Every machine must give the same
-- rows, so there is no floating-point function, no random(), and no locale
-- here: the only source of chance is hashint8extended, which is integer
-- arithmetic on the values themselves, whatever the byte order. PostgreSQL
-- never changes it because hash partitions depend on it.
--
-- Functions with a CASE or an array are not STRICT, although NULL gives NULL:
-- otherwise the planner could not inline them.

-- Spread the values first: the hash of small numbers in sequence is too even in
-- its high bits (measured).
CREATE FUNCTION engage_demo.draw(stream bigint, key bigint) RETURNS bigint
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN hashint8extended(stream * 2654435769, key);
COMMENT ON FUNCTION engage_demo.draw(bigint, bigint) IS
	'64 random bits, the same for the same arguments everywhere. stream: from 0 to 2147483647.';

CREATE FUNCTION engage_demo.pick(bits bigint, shift integer, n integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (((bits >> shift) & 65535) * n >> 16)::integer;
COMMENT ON FUNCTION engage_demo.pick(bigint, integer, integer) IS
	'A number from 0 to n - 1 (n at most 65536) out of the 16 bits from shift on.';

CREATE FUNCTION engage_demo.pick_low(bits bigint, shift integer, n integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN ((((bits >> shift) & 65535) * ((bits >> (shift + 16)) & 65535) >> 16) * n >> 16)::integer;
COMMENT ON FUNCTION engage_demo.pick_low(bigint, integer, integer) IS
	'A number from 0 to n - 1 out of the 32 bits from shift on, small ones more often: some names are common, most are rare.';

CREATE FUNCTION engage_demo.drama_number(i integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '+44' || (ARRAY['1134960', '1144960', '1154960', '1164960', '1174960', '1184960', '1214960', '1314960', '1414960',
		'1514960', '1614960', '1914980', '2079460', '2890180', '2896496', '2920180', '1632960', '7700900'])[1 + i / 1000]
		|| right((1000 + i % 1000)::text, 3);
COMMENT ON FUNCTION engage_demo.drama_number(integer) IS
	'The i-th (0 to 17999) number that Ofcom keeps for drama, E.164: 17,000 fixed-line numbers, then 1,000 mobile ones from 17000 on. NULL beyond.';

CREATE FUNCTION engage_demo.spell(number text, form integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE form
		WHEN 0 THEN '0' || substr(number, 4)
		WHEN 1 THEN number
		WHEN 2 THEN '0044' || substr(number, 4)
		WHEN 3 THEN '0' || substr(number, 4, 4) || ' ' || substr(number, 8)
		WHEN 4 THEN '0' || substr(number, 4, 3) || ' ' || substr(number, 7, 3) || ' ' || substr(number, 10)
		WHEN 5 THEN '+44 ' || substr(number, 4, 4) || ' ' || substr(number, 8)
		WHEN 6 THEN '+44 (0)' || substr(number, 4, 4) || ' ' || substr(number, 8)
		WHEN 7 THEN '(0' || substr(number, 4, 3) || ') ' || substr(number, 7, 3) || '-' || substr(number, 10)
		WHEN 8 THEN '0' || substr(number, 4, 3) || '.' || substr(number, 7, 3) || '.' || substr(number, 10)
		WHEN 9 THEN '0044 (0) ' || substr(number, 4, 4) || '-' || substr(number, 8)
		WHEN 10 THEN 'Tel: 0' || substr(number, 4)
		ELSE '0' || substr(number, 4, 4) || ' ' || substr(number, 8) || ' ext 12'
	END;
COMMENT ON FUNCTION engage_demo.spell(text, integer) IS
	'An E.164 number in one of twelve ways (0 to 11) in which people and systems write it.';

CREATE FUNCTION engage_demo.given_name(i integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (ARRAY['Tal', 'Bren', 'Cor', 'Fen', 'Gav', 'Hal', 'Jor', 'Kel', 'Lor', 'Mer', 'Nav', 'Ost', 'Pel', 'Quen', 'Rov', 'Sel',
			'Tor', 'Ulv', 'Vel', 'Wen', 'Yar', 'Zel', 'Arv', 'Bel', 'Dor', 'Elv', 'Far', 'Gil', 'Hes', 'Ivr', 'Kov', 'Lin'])[1 + i % 32]
		|| (ARRAY['a', 'en', 'ia', 'on', 'ith', 'ane', 'is', 'ora', 'wyn', 'ette', 'ric', 'una', 'eth', 'ello', 'amar', 'ossie'])[1 + i / 32];
COMMENT ON FUNCTION engage_demo.given_name(integer) IS 'The i-th (0 to 511) given name, put together from syllables.';

CREATE FUNCTION engage_demo.family_name(i integer) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (ARRAY['Bral', 'Crov', 'Dren', 'Elmar', 'Frosk', 'Garv', 'Hext', 'Ilver', 'Jarn', 'Krel', 'Lund', 'Morv', 'Nesk', 'Orl',
			'Prand', 'Quill', 'Rusk', 'Skarn', 'Tolv', 'Umber', 'Varn', 'Wext', 'Yorl', 'Zand', 'Arsk', 'Bolt', 'Clev', 'Dusk',
			'Eddar', 'Flint', 'Grov', 'Holv', 'Jev', 'Kest', 'Lorn', 'Mask', 'Nurl', 'Olv', 'Pirn', 'Stav'])[1 + i % 40]
		|| (ARRAY['ley', 'ick', 'ane', 'mere', 'olt', 'by', 'ard', 'ow', 'eston', 'usk', 'ingle', 'ander', 'eck', 'orra', 'wade', 'ish',
			'am', 'el', 'oss', 'und', 'ivan', 'erby', 'ent', 'alk'])[1 + i / 40];
COMMENT ON FUNCTION engage_demo.family_name(integer) IS 'The i-th (0 to 959) family name, put together from syllables.';

CREATE FUNCTION engage_demo.street(bits bigint) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (1 + engage_demo.pick(bits, 0, 120))::text
		|| (ARRAY[' Example', ' Sample', ' Specimen', ' Placeholder', ' Invented', ' Fictional', ' Mock', ' Pretend', ' Imaginary',
			' Notional', ' Template', ' Dummy', ' Trial', ' Model', ' Pattern', ' Sketch'])[1 + engage_demo.pick(bits, 16, 16)]
		|| (ARRAY[' Row', ' Lane', ' Street', ' Close', ' Way', ' Gardens', ' Court', ' Terrace'])[1 + engage_demo.pick(bits, 32, 8)];
COMMENT ON FUNCTION engage_demo.street(bigint) IS 'An invented house number and street.';

CREATE FUNCTION engage_demo.postcode(bits bigint) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN 'ZZ' || (1 + engage_demo.pick(bits, 0, 60))::text || ' ' || engage_demo.pick(bits, 16, 10)::text
		|| substr('ABDEFGHJLNPQRSTUWXYZ', 1 + engage_demo.pick(bits, 32, 20), 1)
		|| substr('ABDEFGHJLNPQRSTUWXYZ', 1 + engage_demo.pick(bits, 48, 20), 1);
COMMENT ON FUNCTION engage_demo.postcode(bigint) IS 'A postcode of the area ZZ, which does not exist.';

-- The check digit doubles every second digit from the right; the digits of
-- '001010', the constant front, then add up to 2.
CREATE FUNCTION engage_demo.imei(serial integer) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN '001010' || right((100000000 + serial)::text, 8) || ((10 - (2
		+ serial % 10 * 2 / 10 + serial % 10 * 2 % 10 + serial / 10 % 10
		+ serial / 100 % 10 * 2 / 10 + serial / 100 % 10 * 2 % 10 + serial / 1000 % 10
		+ serial / 10000 % 10 * 2 / 10 + serial / 10000 % 10 * 2 % 10 + serial / 100000 % 10
		+ serial / 1000000 % 10 * 2 / 10 + serial / 1000000 % 10 * 2 % 10 + serial / 10000000 % 10) % 10) % 10)::text;
COMMENT ON FUNCTION engage_demo.imei(integer) IS
	'The handset identity with this serial number (0 to 99999999): test range, valid Luhn check digit.';

CREATE FUNCTION engage_demo.mistype(word text, bits bigint) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE engage_demo.pick(bits, 0, 6)
		WHEN 0 THEN overlay(word placing '' from 2 + engage_demo.pick(bits, 16, length(word) - 2) for 1)
		WHEN 1 THEN overlay(word placing reverse(substr(word, 2 + engage_demo.pick(bits, 16, length(word) - 2), 2))
			from 2 + engage_demo.pick(bits, 16, length(word) - 2) for 2)
		WHEN 2 THEN overlay(word placing substr(word, 2 + engage_demo.pick(bits, 16, length(word) - 1), 1)
			from 2 + engage_demo.pick(bits, 16, length(word) - 1) for 0)
		WHEN 3 THEN overlay(word placing substr('aeiourst', 1 + engage_demo.pick(bits, 32, 8), 1)
			from 2 + engage_demo.pick(bits, 16, length(word) - 1) for 1)
		WHEN 4 THEN upper(word COLLATE "C")
		ELSE left(word, 3)
	END;
COMMENT ON FUNCTION engage_demo.mistype(text, bigint) IS
	'A word of at least three letters as somebody in a hurry writes it: a letter lost, swapped, doubled or wrong, in capitals, or cut short.';
