/*
 * Fillers: what control rooms, forms and imports write where nothing is known,
 * and what only looks like it.
 */
#include <string.h>

#include "core/identity/filler.h"
#include "core/identity/filler_list.h"
#include "unit.h"

static int bad;

static void
check(FillerKind kind, const char *value, bool wanted)
{
	bool is = filler_judge(kind, value, strlen(value)) != FILLER_NOT;

	if (is != wanted)
	{
		fprintf(stderr, "%s \"%s\": %s\n", filler_kind_name(kind), value, is ? "taken for a filler" : "not seen");
		bad++;
	}
}

static void
check_all(FillerKind kind, const char *const *values, size_t n, bool wanted)
{
	for (size_t i = 0; i < n; i++)
		check(kind, values[i], wanted);
}

#define FILLERS(kind, ...) \
	do \
	{ \
		static const char *const values[] = {__VA_ARGS__}; \
		check_all(kind, values, lengthof(values), true); \
	} while (0)
#define REAL(kind, ...) \
	do \
	{ \
		static const char *const values[] = {__VA_ARGS__}; \
		check_all(kind, values, lengthof(values), false); \
	} while (0)

static void
test_every_kind(void)
{
	static const char *const nothing[] = {
		"unknown", "UNKNOWN", "Unknown.", " Unknown ", "not known", "Not Known", "NOT KNOWN", "not-known", "not_known", "n/k", "N/K", "N.K.", "N K", "NK", "nk",
		"\"N/K\"", "'N/K'", "(N/K)", "[N/K]", "<unknown>", "**N/K**", "unk", "Unk", "UNK.", "Unkown", "unknow", "u/k", "U/K", "n/a", "N/A", "NA", "n.a.", "#N/A", "#REF!",
		"#VALUE!", "#NULL!", "#DIV/0!", "#NUM!", "NULL", "null", "(null)", "<null>", "Null", "NaN", "nan", "NaT", "None", "NONE", "nil", "undefined", "not given", "Not provided", "not supplied",
		"not stated", "Not disclosed", "not available", "NOT APPLICABLE", "not recorded", "none given", "None provided", "withheld", "Witheld", "with held", "WITHHELD BY CALLER", "refused", "Refused to give",
		"refuses to provide", "declined", "Declined to say", "anon", "Anonymous", "tbc", "TBC", "t.b.c.", "TBA", "to be confirmed", "to be advised?", "to be provided", "redacted", "[REDACTED]", "***", "-",
		"--", ".", "...", "?", "??", "*", "_", "/", "~", "nfi", "N.F.I.", "dummy", "blank", "<blank>", "empty", "missing", "unbekannt", "Unbekannt", "keine Angabe", "k.A.",
		"nicht bekannt?", "inconnu", "Inconnue", "non communiqu\xc3\xa9", "anhysbys", "nieznany", "brak danych", "desconocido", "sconosciuto", "onbekend", "ok\xc3\xa4nd", "\xef\xbc\xae\xef\xbc\x8f\xef\xbc\xab",
		"Un\xe2\x80\x8bknown", "\xef\xbb\xbfunknown", "unknown\xc2\xa0", "\xd0\x9d\xd0\xb5\xd0\xb8\xd0\xb7\xd0\xb2\xd0\xb5\xd1\x81\xd1\x82\xd0\xbd\xd0\xbe?", "not yet known", "does not know", "cannot remember",
		"prefer not to say", "not required", "no details", "no details given", "details withheld", "details not known", "no information", "no answer", "no reply", "awaiting", "see details", "DK", "don't know", "asdf", "qwerty",
		"will not say", "test", "TEST TEST", "error", "default", "&nbsp;", "unspecified", "UNIDENTIFIED", "not confirmed", "unavailable"};
	static const FillerKind all[] = {FILLER_NAME, FILLER_GIVEN_NAME, FILLER_FAMILY_NAME, FILLER_ADDRESS, FILLER_POSTCODE, FILLER_EMAIL,
									 FILLER_IDENTIFIER, FILLER_IMEI, FILLER_TEXT, FILLER_CATEGORY, FILLER_DATE, FILLER_NUMBER};

	for (size_t k = 0; k < lengthof(all); k++)
		for (size_t i = 0; i < lengthof(nothing); i++)
		{
			/* a word in letters that the list holds as it stands */
			if (strchr(nothing[i], '\xd0') != NULL || strcmp(nothing[i], "to be advised?") == 0 || strcmp(nothing[i], "nicht bekannt?") == 0)
				continue;
			/* one sign may be a category */
			if (all[k] == FILLER_CATEGORY && strlen(nothing[i]) == 1 && nothing[i][0] != '-')
				continue;
			check(all[k], nothing[i], true);
		}
}

static void
test_names(void)
{
	FILLERS(FILLER_NAME,
			"Mr", "MRS", "Mrs.", "Ms", "Miss", "Mx", "Dr", "Dr.", "Sir", "Prof", "Rev", "Mr Mrs", "Mr & Mrs", "Mr/Mrs", "Mr Unknown", "Mrs N/K", "Miss Not Given", "PC", "DC", "PCSO", "WPC", "DS", "Sgt", "Insp", "Caller", "THE CALLER",
			"RP", "R/P", "IP", "I/P", "Inf", "Informant", "Test", "test user", "TESTTEST", "Occupier", "The Occupier", "Resident", "Householder", "Tenant", "Unknown male", "UNKNOWN FEMALE", "unk male", "Male unknown", "Female caller", "Male caller",
			"Anon female", "Anonymous caller", "Adult male", "Young female", "Elderly lady", "Child", "Child 1", "Male 2", "Unknown 1", "Unknown child", "Name withheld", "Name refused", "Name not given", "no name", "No Name Given", "NONAME", "name unknown",
			"Refused name", "refused details", "Declined name", "Did not give name", "Would not give name", "Caller would not give name", "caller did not leave name", "Member of public", "MOP", "Member of the public", "A member of public", "Public", "Passer by", "passerby", "Passing motorist", "Police",
			"Neighbour", "A Neighbour", "neighbor", "Duplicate", "DUP", "Dupe", "Duplicate call", "No reply", "TBA", "null null", "None None", "#NAME?", "nan nan", "xxx", "XXXX", "x", "X", "XX", "zzz", "aaa", "aaaa", "AAA AAA", "asd", "asdf", "asdfgh", "qwe", "qwerty", "abc",
			"abcd", "xyz", "0", "00", "0.0", "123", "1234", "99", "999", "-1", "1", "....", "N.N.", "A N Other", "A.N. Other", "an other", "Joe Bloggs", "John Doe", "Mickey Mouse", "someone", "somebody", "Nobody", "No one", "stranger", "Victim", "Witness", "Complainant", "Aggrieved",
			"Suspect", "Offender", "Mother", "Father", "Mum", "his wife", "her husband", "Girlfriend of", "Ex partner", "Staff", "Member of staff", "Security", "Security guard", "Door staff", "Manager", "Duty manager", "Ambulance", "Ambulance control", "Fire control", "Fire service", "Paramedic", "Alarm company", "Abandoned call", "Silent call", "silent caller",
			"Dropped call", "Hoax", "hoax caller", "Wrong number", "Customer", "Client", "Patient", "User", "third party", "3rd party caller", "Operator", "As above", "see log", "ditto", "Foreign female", "Drunk male", "Kein Name", "Keiner", "Frau", "Herr Unbekannt", "Mann", "sans nom", "Inconnu", "Monsieur", "Madame", "dim enw",
			"Anhysbys", "Nieznana", "Pan", "Pani", "Brak", "Nieznany m\xc4\x99\xc5\xbc"
														   "czyzna?",
			"Sin nombre", "Se\xc3\xb1or", "Se\xc3\xb1ora", "Sconosciuta", "Ok\xc3\xa4nd", "Ukendt", "Ukjent", "Necunoscut", "Tuntematon", "Desconhecido", "Bilinmiyor", "\xe6\x9c\xaa\xe7\x9f\xa5", "anonymised",
			"REMOVED", "deleted", "Cancelled", "Other", "Various", "New", "Temp");
	REAL(FILLER_NAME,
		 "Kelia", "Ashdown", "Mrs Ashdown", "Kelia (caller)?", "Oren", "Ali", "An", "Ng", "Wu", "O", "Li", "Love", "King", "Pope", "Page", "Young", "Early", "Will", "Mark", "May", "June", "To", "The", "Be", "Do", "Le", "La", "De Souza", "Das", "Nie", "K", "KJ", "K.J.", "Jo", "Al",
		 "Guy", "Major", "Dean", "Earl", "Duke", "Prince", "Princess", "Bishop", "Baron", "Marshall", "Sample", "Trial", "Noman", "Nono", "Unwin", "Knowles", "Given-Wilson", "Nillson", "Anonby", "Malek", "Maley", "Persons-Smith", "Childs", "Bloggs-Ashdown", "Testa", "Tester-Jones",
		 "Policeman?", "Zoe", "Xu", "Xi", "Oo", "Ii", "Aa", "Uu", "Lee", "Bee", "Rew", "Trew", "Tre", "Dre", "Said", "Say", "Ward", "Marlow", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", "\xe7\x8e\x8b", "M\xc3\xbcller");
}

/* Two names together: which of them are left out. */
static void
check_names(const char *given, const char *family, bool given_goes, bool family_goes)
{
	FillerVerdict g;
	FillerVerdict f;

	filler_judge_names(given, strlen(given), family, strlen(family), &g, &f);
	if ((g != FILLER_NOT) != given_goes || (f != FILLER_NOT) != family_goes)
	{
		fprintf(stderr, "\"%s\", \"%s\": %d %d\n", given, family, g, f);
		bad++;
	}
}

static void
test_two_names(void)
{
	check_names("Kelia", "Ashdown", false, false);
	check_names("Mrs", "Ashdown", true, false);
	check_names("Unk", "Ashdown", true, false);
	check_names("Kelia", "Unknown", false, true);
	check_names("not", "known", true, true);
	check_names("Member of", "public", true, true);
	check_names("No", "Name", true, true);
	check_names("Unknown", "Male", true, true);
	check_names("Joe", "Bloggs", true, true);
	check_names("John", "Doe", true, true);
	check_names("A N", "Other", true, true);
	check_names("Test", "Test", true, true);
	check_names("x", "x", true, true);
	check_names("Mr", "Mr", true, true);
	check_names("Refused to", "give name", true, true);
	/* words that are names too, where the other is one */
	check_names("Kelia", "Null", false, false);
	check_names("Peter", "Male", false, false);
	check_names("Minnie", "Driver", false, false);
	check_names("Essie", "Person", false, false);
	check_names("Will", "Test", false, false);
	check_names("Nan", "Ashdown", false, false);
	check_names("Na", "Li", false, false);
	check_names("Nat", "Ashdown", false, false);
	check_names("Hung", "Nguyen", false, false);
	check_names("Anton", "Blank", false, false);
	check_names("Joe", "Ashdown", false, false);
	check_names("Jane", "Bloggs-Doe", false, false);
	check_names("Kelia", "Young", false, false);
	check_names("No", "Ashdown", true, false);
	check_names("The", "Nguyen", false, false);
	/* what stands for a title leaves a name that may be one in doubt */
	check_names("Mrs", "Driver", true, true);
	check_names("Null", "Null", true, true);
	check_names("Police", "police", true, true);
	check_names("Ali", "Ali", false, false);
	check_names("", "Ashdown", false, false);
	check_names("Kelia", "", false, false);
}

/* What is certain is so whatever else goes: the key and the persona agree. */
static void
test_order(void)
{
	static const char *const names[] = {"", "Kelia", "Mrs", "Not", "Known", "Null", "Test", "Nan", "of", "Unknown", "x", "Driver", "Joe", "Bloggs", "1"};

	for (size_t i = 0; i < lengthof(names); i++)
		for (size_t j = 0; j < lengthof(names); j++)
		{
			FillerVerdict g;
			FillerVerdict f;
			FillerVerdict g2;
			FillerVerdict f2;
			const char *given = names[i];
			const char *family = names[j];

			filler_judge_names(given, strlen(given), family, strlen(family), &g, &f);
			if (g == FILLER_CERTAIN)
				given = "";
			if (f == FILLER_CERTAIN)
				family = "";
			filler_judge_names(given, strlen(given), family, strlen(family), &g2, &f2);
			MUST(g2 != FILLER_CERTAIN && f2 != FILLER_CERTAIN);
		}
}

static void
test_dates(void)
{
	static const int fillers[] = {10101, 21130, 11110101, 11111111, 12340101, 16000101, 17530101, 18000101, 18991230, 18991231, 19000101, 19010101, 19011213, 19040101,
								  19691231, 19700101, 19800101, 19990909, 19991231, 20000101, 20380119, 20991231, 22000101, 22220202, 30000101, 99991231};
	static const int real[] = {19840307, 19840617, 18620101, 18500101, 17900101, 16300801, 15600101, 19000103, 19010102, 19691230, 19700103, 19850101, 19910101, 20020101, 20250601};

	for (size_t i = 0; i < lengthof(fillers); i++)
		MUST(filler_judge_date(fillers[i] / 10000, fillers[i] / 100 % 100, fillers[i] % 100) != FILLER_NOT);
	for (size_t i = 0; i < lengthof(real); i++)
		MUST(filler_judge_date(real[i] / 10000, real[i] / 100 % 100, real[i] % 100) == FILLER_NOT);
	MUST(filler_judge_date(1900, 1, 1) == FILLER_CERTAIN);
	MUST(filler_judge_date(1970, 1, 1) == FILLER_LIKELY);
	FILLERS(FILLER_DATE, "00/00/0000", "0000-00-00", "0", "00", "40", "01/01/1900", "1/1/1900", "1900-01-01", "19000101", "01011900", "1900-01-01 00:00:00", "1900-01-01T00:00:00Z", "01-Jan-1900", "1 January 1900", "30/12/1899", "12/30/1899",
			"31/12/9999", "1111-11-11", "11/11/1111", "01/01/1970", "1/1/70", "01/01/00", "99/99/9999", "1900", "9999", "unknown", "-", "N/K", "not given", "84");
	REAL(FILLER_DATE, "07/03/1984", "1984-03-07", "19840307", "07031984", "7 March 1984", "1984", "07/03/84", "3/1984", "1984-03-07T10:00", "March 1984", "adult?", "1862-01-01");
}

static void
test_places(void)
{
	FILLERS(FILLER_ADDRESS, "NFA", "N.F.A.", "nfa", "No fixed abode", "NO FIXED ADDRESS", "of no fixed abode", "Of No Fixed Address", "no permanent address", "No address", "no address given", "Address unknown", "address refused", "Address not known", "ADDRESS WITHHELD", "homeless", "Homeless male",
			"street homeless", "as above", "AS ABOVE", "same", "Same as above", "same address", "see log", "See notes", "home", "home address", "address as log?", "caller's address", "sofa surfing", "rough sleeper", "not at address?", "police station", "custody", "In custody", "hospital", "no current address", "temporary address", "various", "xx", "XXX", "0", "1",
			"999", "keine Adresse", "sans domicile fixe", "SDF", "dim cyfeiriad", "Moved away", "location not given", "scene", "Living rough", "unknown address", "refused to give address");
	REAL(FILLER_ADDRESS, "3 Test Row", "1 Dummy Street", "Home Close", "The Old Post Office", "Unknown Warrior Way", "Flat 3", "High Street", "Nowhere Farm?", "12 Placeholder Lane", "Abode Hotel", "The Homelea", "Same Street", "HMP Example", "9 Mock Court", "Caller Cottage", "1 New Street", "Blank Lane");
	FILLERS(FILLER_POSTCODE, "ZZ99 3VZ", "ZZ993VZ", "zz99 3vz", "ZZ99 3WZ", "ZZ99 3CZ", "ZZ99 1WZ", "ZZ99 2WZ", "ZZ99 4QZ", "ZZ99", "AA1 1AA", "A1 1AA", "AA11 1AA", "AB1 2CD", "XX1 1XX", "XX99 9XX", "AA99 9AA", "A99 9AA", "XXX XXX", "XXXX XXX", "X", "XX", "00000", "0", "99999", "12345", "000 000", "AAA AAA", "no postcode", "Postcode unknown",
			"Post code not known", "NFA", "no fixed abode", "N/K", ".", "nk1 1nk", "zzz zzz", "111111");
	REAL(FILLER_POSTCODE, "ME14 1XX", "ZZ1 1AB", "ZZ99 9XX", "ZZ99 1AA", "ZZ99 2BB", "ZZ9 9ZZ", "ZZ11 1ZZ", "ZZ97 7QX", "SW1A 1AA", "ME14", "ME", "M1 1AE", "90210", "NA1 1AA", "NK4 2AB");
}

static void
test_email(void)
{
	FILLERS(FILLER_EMAIL, "none", "None", "no", "NO EMAIL", "no e-mail", "n/a", "-", "none@none.com", "none.none@example.com", "none@none", "no@no.com", "no@email.com", "noemail@noemail.com", "no.email@example.com", "no-email@example.com", "noemail@police.example", "test@test.com", "test@test.co.uk", "test@gmail.com", "test1@example.com", "TEST@TEST.COM", "a@a.com",
			"a@a.a", "x@x.com", "a@b.com", "abc@abc.com", "unknown@unknown.com", "unknown@example.com", "na@na.com", "n/a@example.com", "noreply@example.com", "no-reply@example.com", "donotreply@example.com", "anonymous@example.com", "anon@anon.com", "nobody@nowhere.com", "null@null.com", "undefined@example.com", "dummy@dummy.com", "fake@fake.com", "asdf@asdf.com",
			"qwerty@example.com", "xxx@xxx.com", "aaa@example.com", "123@123.com", "123@example.com", "0@0.com", "000@example.com", "@", "@example.com", "kelia@", "mailto:none@none.com", "<none@none.com>", "\"none@none.com\"", "notgiven@example.com", "not.provided@example.com", "not_known@example.com", "refused@refused.com", "declined@example.com", "email@email.com", "user@example.com", "customer@example.com", "kelia@noemail.com",
			"kelia@no-email.co.uk", "07700900123@anonymous.invalid", "x@y.invalid", "tbc@tbc.com", "gmail.com", "hotmail.com", "does not have email", "has no email", "root@localhost", "someone@example.com");
	REAL(FILLER_EMAIL, "kelia@example.com", "Kelia@Example.com", "k@example.com", "ka@example.com", "kelia.ashdown@example.com", "kelia@example.org", "kelia", "naomi@example.com", "nora@example.com", "no1kelia@example.com", "nan.ashdown@example.com", "testa@example.com", "xena@example.com", "abbie@abbie.example", "sam.marlow1@example.com", "anona@example.com",
		 "nil84@example.com", "kelia123@example.com", "info@example.com", "a@example.com", "z@example.org");
}

static void
test_identifiers(void)
{
	FILLERS(FILLER_IDENTIFIER, "0", "00", "000", "0000000", "0.0", "-1", "-9", "-99", "-999", "99", "999", "9999", "99999", "111", "1111111", "123", "1234", "12345678", "123456789", "1234567890", "0123456789", "987654321", "654321", "N/K", "none", "x", "xxx", "XX", "tbc", "dummy", "DUMMY", "test", "pending", "new", "NEW", "no trace", "No trace found", "NO TRACE PNC",
			"no nominal", "Nominal unknown", "not on system", "not on niche", "no record", "No record found", "NOM0000", "NOM-000000", "URN 0000", "0000/0000000", "00/000000X", "reference unknown", "no ref", "to be created", "unlinked", "abc", "generic");
	REAL(FILLER_IDENTIFIER, "1", "2", "9", "17", "42", "12399", "NOM-00012", "NOM0100", "NOMREF8675309", "REF 12", "ID 4711", "PNC 12/345678X", "URN 17", "45/123", "345", "98", "22", "W-1", "00012", "10000", "AB123456", "9000", "new1", "1000000");
	FILLERS(FILLER_IMEI, "000000000000000", "0", "00000000000000", "0000000000000000", "111111111111111", "123456789012345", "012345678901234", "123456789012347", "999999999999999", "004999010640000", "004400152020000", "135790246811220", "111111111111119", "350000000000000", "358000000000000", "35-209900-000000-0", "490154203237518",
			"356938035643809", "359151099797978", "359151099797971", "N/K", "none", "x", "xxx", "1234", "12345", "unknown", "IMEI 000000000000000", "no imei recorded", "aaaaaaaaaaaaaaa", "ffffffffffffff", "35915109979797912345");
	REAL(FILLER_IMEI, "001010000000040", "359151099797977", "359151099686865", "35915109979797", "359151099797970", "3591510997979701", "35-915109-979797-7", "A0000000002329", "862104030004565");
	FILLERS(FILLER_TEXT, "0", "00", "n/k", "xxx");
	REAL(FILLER_TEXT, "x ray", "12", "Maidstone", "no left arm", "blue");
	FILLERS(FILLER_CATEGORY, "not stated", "prefer not to say");
	REAL(FILLER_CATEGORY, "M", "F", "X", "0", "9", "male", "female", "other");
	FILLERS(FILLER_NUMBER, "unknown", "000", "99999", "N/K", "-");
	REAL(FILLER_NUMBER, "07700 900123", "+447700900123");
}

static void
test_lists(void)
{
	for (size_t i = 1; i < filler_words_count; i++)
		MUST(strcmp(filler_words[i - 1].text, filler_words[i].text) < 0);
	for (size_t i = 1; i < filler_phrases_count; i++)
		MUST(strcmp(filler_phrases[i - 1].text, filler_phrases[i].text) < 0);
	MUST(filler_words_count > 500 && filler_phrases_count > 200);
	/* every entry is as values are folded */
	for (size_t i = 0; i < filler_words_count + filler_phrases_count; i++)
	{
		const char *text = i < filler_words_count ? filler_words[i].text : filler_phrases[i - filler_words_count].text;
		char out[FILLER_FOLD_SIZE];
		size_t n = filler_fold(FILLER_TEXT, text, strlen(text), out);

		MUST(n == strlen(text) && memcmp(out, text, n) == 0);
	}
}

/* Whatever bytes come: it ends, and a long value is none. */
static void
test_any_bytes(void)
{
	char value[FILLER_MAX_VALUE + 1];
	static const char signs[] = "nkaxz09 -/@.\xc3\xa4\xe2\x80\x8b\xff\0";

	for (int round = 0; round < 50000; round++)
	{
		size_t len = unit_below(sizeof(value));
		FillerVerdict g;
		FillerVerdict f;

		for (size_t i = 0; i < len; i++)
			value[i] = round % 2 == 0 ? (char) unit_below(256) : signs[unit_below(sizeof(signs) - 1)];
		for (int kind = 0; kind < FILLER_KINDS; kind++)
			filler_judge((FillerKind) kind, value, len);
		filler_judge_names(value, len / 2, value + len / 2, len - len / 2, &g, &f);
	}
	memset(value, 'x', sizeof(value));
	MUST(filler_judge(FILLER_NAME, value, FILLER_MAX_VALUE) == FILLER_CERTAIN);
	MUST(filler_judge(FILLER_NAME, value, FILLER_MAX_VALUE + 1) == FILLER_NOT);
}

/* A sign before a value changes nothing, but that it is looked at closely: quick answers are right. */
static void
test_quick_answers(void)
{
	static const char *const others[] = {"kelia", "ashdown", "oren", "joe", "o", "12", "row", "", "kowalski", "12 sample row"};

	for (int round = 0; round < 100000; round++)
	{
		char plain[3][FILLER_MAX_VALUE + 1];
		char signed_[3][FILLER_MAX_VALUE + 2];
		FillerVerdict verdict[4];

		for (int v = 0; v < 3; v++)
		{
			size_t n = 0;

			for (size_t words = 1 + unit_below(3); words > 0; words--)
			{
				size_t choice = unit_below(4);
				const char *word = choice == 0 ? others[unit_below(lengthof(others))] :
								   choice == 1 ? filler_phrases[unit_below(filler_phrases_count)].text :
												 filler_words[unit_below(filler_words_count)].text;

				n += snprintf(plain[v] + n, sizeof(plain[v]) - n, n > 0 ? " %s" : "%s", word);
				if (n >= 60)
					break;
			}
			snprintf(signed_[v], sizeof(signed_[v]), "*%s", plain[v]);
		}
		MUST(filler_judge(FILLER_ADDRESS, plain[2], strlen(plain[2])) == filler_judge(FILLER_ADDRESS, signed_[2], strlen(signed_[2])));
		filler_judge_names(plain[0], strlen(plain[0]), plain[1], strlen(plain[1]), &verdict[0], &verdict[1]);
		filler_judge_names(signed_[0], strlen(signed_[0]), signed_[1], strlen(signed_[1]), &verdict[2], &verdict[3]);
		if (*plain[0] != '\0' && *plain[1] != '\0')
			MUST(verdict[0] == verdict[2] && verdict[1] == verdict[3]);
	}
}

static void
count_entry(void *arg, const char *kind, const char *value, const char *meaning)
{
	MUST(*kind != '\0' && *value != '\0' && *meaning != '\0');
	(*(size_t *) arg)++;
}

int
main(void)
{
	size_t entries = 0;

	test_lists();
	test_every_kind();
	test_names();
	test_two_names();
	test_order();
	test_dates();
	test_places();
	test_email();
	test_identifiers();
	test_any_bytes();
	test_quick_answers();
	filler_list(count_entry, &entries);
	MUST(entries > 1000);
	MUST(bad == 0);
	return 0;
}
