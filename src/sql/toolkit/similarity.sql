-- How alike names, dates and postcodes are: for finding the same person in records that differ.

CREATE FUNCTION engage.jaro_winkler(a text, b text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_jaro_winkler'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.jaro_winkler(text, text) IS
'How alike two names are: from 0, no character in common, to 1, the same; two empty texts are the same. NULL where an argument is. Symmetric.
By characters, and as they are written: upper case, marks and signs count, so compare engage.name_key of both.
The first 256 characters of each are compared.
Method: Jaro (1989), Advances in record-linkage methodology, JASA 84; the bonus of 0.1 for each of up to four first characters in common, at any similarity: Winkler (1990), String comparator metrics and enhanced decision rules in the Fellegi-Sunter model of record linkage.';

CREATE FUNCTION engage.damerau_levenshtein(a text, b text) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_damerau_levenshtein'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.damerau_levenshtein(text, text) IS
'How many insertions, deletions and replacements of a character and swaps of two neighbours make one text the other, no character being changed twice (optimal string alignment distance); 0 where they are the same. NULL where an argument is. Symmetric.
By characters, and as they are written: upper case, marks and signs count.
A text of more than 1,000 characters is an error (54000).
Method: Damerau (1964), A technique for computer detection and correction of spelling errors, CACM 7; computed with bit vectors (Hyyro 2003).';

CREATE FUNCTION engage.name_key(name text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_name_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.name_key(text) IS
'A name as it is compared: Latin letters in lower case and without marks (e acute is e, sharp s is ss, o slash is o, ash is ae), no apostrophes, one blank for any other signs and blanks between words, none around. Letters of other scripts and digits stay as they are. NULL where nothing is left, or the argument is NULL.
The first 256 characters are read.';

CREATE FUNCTION engage.sound_key(name text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_sound_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.sound_key(text) IS
'How a name sounds, roughly, in up to four letters, for choosing which records to compare: the first letter of engage.name_key and the consonants after it. c, k and q are c; g and j are g; s and z are s; f, v and ph are f; x is cs, or s at the start. A letter that follows itself, also over h, w or a blank, counts once. Vowels, y, h and w are kept as a first letter only. Digits and letters of other scripts count as they are. NULL where nothing is left, or the argument is NULL.
The first 256 characters are read. Made for the spelling errors of names in English records; not a published code.';

CREATE FUNCTION engage.date_similarity(a date, b date) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_date_similarity'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.date_similarity(date, date) IS
'What two dates, of birth for instance, have in common; the first that applies of: same; one digit (written YYYYMMDD, one digit differs, or two neighbouring digits are swapped); day and month swapped; two parts same (of year, month and day); year same; near (the years are 1 apart); different. NULL where an argument is. Symmetric.
An infinite date is an error (22008).
Levels of agreement are those that Fellegi and Sunter (1969), A theory for record linkage, JASA 64, give a weight each.';

CREATE FUNCTION engage.postcode_parts(postcode text, OUT area text, OUT district text, OUT sector text, OUT unit text)
	AS 'MODULE_PATHNAME', 'engage_postcode_parts'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.postcode_parts(text) IS
'The parts of a postcode of the United Kingdom, each with those before it: area (SW), district (SW1A), sector (SW1A 1), unit (SW1A 1AA). In any case, with blanks, dots and hyphens anywhere. An outward code alone (SW1A) has no sector and unit. All NULL where the text is no postcode, has more than 64 characters, or is NULL.
By form alone: whether a postcode exists is not looked at.';
