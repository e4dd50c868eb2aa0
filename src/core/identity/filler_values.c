/*-------------------------------------------------------------------------
 * filler_values.c
 *	  Fillers by the rules of their kind: dates, postcodes, references, handsets
 *	  and e-mail addresses.
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "core/identity/filler.h"
#include "core/identity/filler_list.h"

/* ----------------------------------------------------------------- dates */

/* A date as lists have it, YYYY-MM-DD. */
size_t
filler_fold_date(int year, int month, int day, char *out)
{
	int digits[3] = {year, month, day};
	static const int widths[3] = {4, 2, 2};
	size_t n = 0;

	for (int part = 0; part < 3; part++)
	{
		if (part > 0)
			out[n++] = '-';
		for (int i = widths[part] - 1; i >= 0; i--, digits[part] /= 10)
			out[n + i] = (char) ('0' + digits[part] % 10);
		n += widths[part];
	}
	return n;
}

typedef struct FillerDate
{
	int date; /* YYYYMMDD */
	FillerVerdict verdict;
	const char *meaning;
} FillerDate;

#define TYPED "is typed where none is known"

/* In order.  Those of years in which people now living are born may be true. */
static const FillerDate dates[] = {
	{15821015, FILLER_CERTAIN, "first day of the Gregorian calendar"},
	{16000101, FILLER_CERTAIN, TYPED},
	{16010101, FILLER_CERTAIN, "first day of Windows file times"},
	{17000101, FILLER_CERTAIN, TYPED},
	{17530101, FILLER_CERTAIN, "first day of SQL Server"},
	{17760704, FILLER_CERTAIN, TYPED},
	{18000101, FILLER_CERTAIN, TYPED},
	{18001228, FILLER_CERTAIN, "first day of Clarion"},
	{18400101, FILLER_CERTAIN, "first day of MUMPS"},
	{18401231, FILLER_CERTAIN, "first day of MUMPS"},
	{18581117, FILLER_CERTAIN, "first day of VMS"},
	{18690101, FILLER_CERTAIN, TYPED},
	{18991129, FILLER_CERTAIN, "a date of zeros"},
	{18991130, FILLER_CERTAIN, "a date of zeros"},
	{18991229, FILLER_CERTAIN, "day 0 of spreadsheets, a day off"},
	{18991230, FILLER_CERTAIN, "day 0 of spreadsheets"},
	{18991231, FILLER_CERTAIN, "day 0 or 1 of spreadsheets"},
	{19000101, FILLER_CERTAIN, "day 1 of spreadsheets, first day of many systems"},
	{19000102, FILLER_CERTAIN, "day 1 of spreadsheets, a day off"},
	{19001231, FILLER_LIKELY, TYPED},
	{19010101, FILLER_CERTAIN, TYPED},
	{19011213, FILLER_CERTAIN, "lowest Unix time of 32 bits"},
	{19011214, FILLER_CERTAIN, "lowest Unix time of 32 bits"},
	{19020202, FILLER_LIKELY, TYPED},
	{19040101, FILLER_CERTAIN, "first day of Macintosh and of spreadsheets there"},
	{19040102, FILLER_LIKELY, "first day of Macintosh, a day off"},
	{19090909, FILLER_LIKELY, TYPED},
	{19100101, FILLER_LIKELY, TYPED},
	{19101010, FILLER_LIKELY, TYPED},
	{19110101, FILLER_LIKELY, TYPED},
	{19111111, FILLER_LIKELY, TYPED},
	{19200101, FILLER_LIKELY, TYPED},
	{19300101, FILLER_LIKELY, TYPED},
	{19400101, FILLER_LIKELY, TYPED},
	{19500101, FILLER_LIKELY, TYPED},
	{19600101, FILLER_LIKELY, "first day of SAS, and " TYPED},
	{19691231, FILLER_LIKELY, "first day of Unix, west of Greenwich"},
	{19700101, FILLER_LIKELY, "first day of Unix"},
	{19700102, FILLER_LIKELY, "first day of Unix, a day off"},
	{19800101, FILLER_LIKELY, "first day of DOS, and " TYPED},
	{19800106, FILLER_LIKELY, "first day of GPS"},
	{19900101, FILLER_LIKELY, TYPED},
	{19990101, FILLER_LIKELY, TYPED},
	{19990909, FILLER_LIKELY, "all nines"},
	{19991231, FILLER_LIKELY, TYPED},
	{20000101, FILLER_LIKELY, TYPED},
	{20010101, FILLER_LIKELY, TYPED},
	{20380118, FILLER_LIKELY, "highest Unix time of 32 bits, a day off"},
	{20380119, FILLER_LIKELY, "highest Unix time of 32 bits"},
	{20491231, FILLER_LIKELY, "highest year of two digits"},
	{20500101, FILLER_LIKELY, TYPED},
	{20790606, FILLER_CERTAIN, "last day of SQL Server's short dates"},
	{20991231, FILLER_CERTAIN, "never ends"},
	{21000101, FILLER_CERTAIN, "never ends"},
	{21991231, FILLER_CERTAIN, "never ends"}};

/* Nobody whose birth is on record was born before, or will be after. */
#define FIRST_YEAR 1500
#define LAST_YEAR 2199

/*
 * filler_judge_date
 *		Whether a date of birth is one that systems and people enter when they
 *		have none.  Month or day may be 0, as in texts.
 */
FillerVerdict
filler_judge_date(int year, int month, int day)
{
	int date = (year * 100 + month) * 100 + day;
	size_t low = 0;
	size_t high = lengthof(dates);

	if (year < FIRST_YEAR || year > LAST_YEAR)
		return FILLER_CERTAIN;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (dates[middle].date == date)
			return dates[middle].verdict;
		if (dates[middle].date < date)
			low = middle + 1;
		else
			high = middle;
	}
	return FILLER_NOT;
}

typedef struct DateParts
{
	int number[3];
	size_t digits[3]; /* 0 for the name of a month */
	int parts;
	size_t all; /* digits */
	bool zeros; /* and nothing else */
} DateParts;

/* The number of a month that starts so, or 0. */
static int
month_of(FillerText word)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int month = 0; month < 12 && word.len >= 3; month++)
		if (memcmp(months + 3 * month, word.p, 3) == 0)
			return month + 1;
	return 0;
}

/* Up to three parts, which a time may follow; false if there is a word. */
static bool
read_date(FillerText text, DateParts *date)
{
	memset(date, 0, sizeof(*date));
	date->zeros = true;
	while (date->parts < 3 && text.len > 0)
	{
		int part = date->parts++;
		FillerText word = {text.p, 0};

		if (is_digit(*text.p))
		{
			for (; text.len > 0 && is_digit(*text.p) && date->digits[part] < 8; text.p++, text.len--)
			{
				date->number[part] = date->number[part] * 10 + (*text.p - '0');
				date->digits[part]++;
				date->all++;
				date->zeros = date->zeros && *text.p == '0';
			}
		}
		else
		{
			while (word.len < text.len && word.p[word.len] != ' ' && !is_digit(word.p[word.len]))
				word.len++;
			date->number[part] = month_of(word);
			text.p += word.len;
			text.len -= word.len;
			if (date->number[part] == 0)
				return false;
		}
		while (text.len > 0 && *text.p == ' ')
		{
			text.p++;
			text.len--;
		}
	}
	return true;
}

static FillerVerdict
worse(FillerVerdict a, FillerVerdict b)
{
	return a > b ? a : b;
}

/* Day, month, year in either order of the first two; a year of two digits in either century. */
static FillerVerdict
judge_year_last(int first, int second, int year, size_t digits)
{
	if (digits > 2)
		return worse(filler_judge_date(year, second, first), filler_judge_date(year, first, second));
	return worse(worse(filler_judge_date(1900 + year, second, first), filler_judge_date(1900 + year, first, second)),
				 filler_judge_date(2000 + year, second, first));
}

/* Eight digits in a row: whether they are YYYYMMDD rather than DDMMYYYY. */
static bool
has_year_first(int digits)
{
	return digits / 10000 >= FIRST_YEAR && digits / 100 % 100 <= 12 && digits % 100 <= 31;
}

/* A date in a text: 01/01/1900, 1-Jan-1900, 1900-01-01T00:00, 19000101, 00/00/0000, 0, 40. */
FillerVerdict
filler_judge_date_text(FillerText text)
{
	DateParts date;

	if (!read_date(text, &date))
		return filler_judge_words(text, 0);
	if (date.parts == 0 || (date.parts == 1 && date.all < 4) || (date.zeros && date.all > 0) || is_repeated(text, 4))
		return FILLER_CERTAIN;
	if (date.parts == 1 && date.digits[0] == 8)
	{
		int n = date.number[0];

		return has_year_first(n) ? filler_judge_date(n / 10000, n / 100 % 100, n % 100) :
								   judge_year_last(n / 1000000, n / 10000 % 100, n % 10000, 4);
	}
	if (date.parts == 1)
		return date.digits[0] == 4 && date.number[0] == 1900 ? FILLER_CERTAIN : FILLER_NOT;
	if (date.parts < 3)
		return FILLER_NOT;
	if (date.digits[0] == 4)
		return worse(filler_judge_date(date.number[0], date.number[1], date.number[2]),
					 filler_judge_date(date.number[0], date.number[2], date.number[1]));
	return judge_year_last(date.number[0], date.number[1], date.number[2], date.digits[2]);
}

/*
 * Rewrite a date in a text as lists have it: YYYY-MM-DD.  The day comes before
 * the month if the year is last.  Anything but a whole date stays as it is.
 */
size_t
filler_fold_date_text(char *text, size_t len)
{
	FillerText rest = {text, len};
	DateParts date;
	int year;
	int day;

	if (!read_date(rest, &date))
		return len;
	if (date.parts == 1 && date.digits[0] == 8)
	{
		bool year_first = has_year_first(date.number[0]);

		year = year_first ? date.number[0] / 10000 : date.number[0] % 10000;
		day = year_first ? date.number[0] % 100 : date.number[0] / 1000000;
		return filler_fold_date(year, year_first ? date.number[0] / 100 % 100 : date.number[0] / 10000 % 100, day, text);
	}
	if (date.parts < 3 || (date.digits[0] != 4 && date.digits[2] != 4))
		return len;
	year = date.digits[0] == 4 ? date.number[0] : date.number[2];
	day = date.digits[0] == 4 ? date.number[2] : date.number[0];
	return filler_fold_date(year, date.number[1], day, text);
}

/* ------------------------------------------------------------- postcodes */

static const char *const example_postcodes[] = {
	"a11aa", "a111aa", "a999aa", "a99aa", "aa00aa", "aa000aa", "aa11aa", "aa111aa", "aa999aa", "aa99aa", "aa99aaa",
	"aaa1aa", "aaa11aa", "ab12cd", "ab123cd", "ab00aa", "an1ann", "ann1aa", "ann1ann", "nf11aa", "nfa1aa", "no1ne", "n01ne", "no11ne", "nk11nk", "nk1nk",
	"po11st", "un11kn", "un1kn", "x11xx", "x1xx", "xx00xx", "xx000xx", "xx11xx", "xx111xx", "xx11aa", "xx99xx", "xx999xx", "xx99zz",
	"xxx1xx", "xxx11xx", "xxxnxx", "zz00zz", "zz000zz", "zz01zz", "zz999zz", "zz99", "12345", "123456", "1234", "123",
	"54321", "0123"};

/*
 * ZZ99 3VZ, ZZ99 3WZ and so on, which the health service uses in place of a
 * postcode; the examples on forms; a repeated letter.
 */
FillerVerdict
filler_judge_postcode(FillerText text)
{
	if (starts_with(text, "zz99") && text.len == 7 && is_digit(text.p[4]) && text.p[6] == 'z')
		return FILLER_CERTAIN;
	for (size_t i = 0; i < lengthof(example_postcodes); i++)
		if (same(text, example_postcodes[i]))
			return FILLER_CERTAIN;
	if (text.len > 0 && (has_only(text, is_digit) ? is_repeated(text, 1) : is_repeated(text, 2)))
		return FILLER_CERTAIN;
	return FILLER_NOT;
}

/* ----------------------------------------------------------- identifiers */

/* Three digits or more from 0 or 1 up, or from 9 down, or down to 1 or 0; after 9 comes 0. */
static bool
is_run(FillerText text)
{
	if (text.len < 3 || !has_only(text, is_digit))
		return false;
	for (int step = 1; step < 10; step += 8)
	{
		char first = text.p[step == 1 ? 0 : text.len - 1];
		size_t n = 1;

		while (n < text.len && (text.p[n - 1] - '0' + step) % 10 == text.p[n] - '0')
			n++;
		if (n == text.len && (first <= '1' || (step > 1 && text.p[0] == '9')))
			return true;
	}
	return false;
}

/* Only zeros after letters, at least three of them: NOM0000. */
static bool
is_nought(FillerText text)
{
	size_t zeros = 0;
	size_t i = 0;

	while (i < text.len && is_lower(text.p[i]))
		i++;
	for (; i < text.len && !is_lower(text.p[i]); i++, zeros++)
		if (text.p[i] != '0')
			return false;
	/* a check letter may follow */
	return (i == text.len || i + 1 == text.len) && (zeros >= 3 || zeros == text.len) && zeros > 0;
}

/* -1, -99: "missing" in some systems; folding removes the sign. */
static bool
is_negative(const char *raw, size_t len)
{
	size_t i = 0;

	while (i < len && (raw[i] == ' ' || raw[i] == '\'' || raw[i] == '"'))
		i++;
	return i + 1 < len && raw[i] == '-' && is_digit(raw[i + 1]);
}

FillerVerdict
filler_judge_identifier(FillerText text, const char *raw, size_t len)
{
	if (text.len == 0 || is_nought(text) || is_negative(raw, len))
		return FILLER_CERTAIN;
	if (is_repeated(text, text.p[0] == '9' ? 2 : 3) || (is_lower(text.p[0]) && is_repeated(text, 2)))
		return FILLER_CERTAIN;
	return is_run(text) ? FILLER_CERTAIN : FILLER_NOT;
}

static bool
has_luhn_check(FillerText digits)
{
	int sum = 0;

	for (size_t i = 0; i < digits.len; i++)
	{
		int digit = digits.p[digits.len - 1 - i] - '0';

		sum += i % 2 == 0 ? digit : digit < 5 ? digit * 2 :
												digit * 2 - 9;
	}
	return sum % 10 == 0;
}

/* Values from emulators, forms and cloned handsets. */
static const char *const known_imeis[] = {
	"004999010640000", "004400152020000", "004400152020002", "135790246811220", "135790246811222", "350000000000000",
	"351111111111111", "352000000000000", "353535353535353", "358000000000000", "352099001761481", "356938035643809", "490154203237518",
	"490154203237517", "111111111111119", "123456789012347", "012345678901237", "004999010640000"};

/*
 * A handset: 15 digits of which the last checks the others, 14 without it, 16
 * with a software version.  Networks send 0 in place of the check digit.  One
 * with a wrong check digit was misread: it identifies no handset.
 */
FillerVerdict
filler_judge_imei(FillerText text, const char *raw, size_t len)
{
	FillerText body = {text.p, text.len < 14 ? text.len : 14};

	if (starts_with(text, "imei") && text.len > 4)
	{
		text.p += 4;
		text.len -= 4;
		body.p = text.p;
		body.len = text.len < 14 ? text.len : 14;
	}
	if (filler_judge_identifier(text, raw, len) != FILLER_NOT || filler_judge_identifier(body, body.p, body.len) != FILLER_NOT)
		return FILLER_CERTAIN;
	for (size_t i = 0; i < lengthof(known_imeis); i++)
		if (same(text, known_imeis[i]))
			return FILLER_CERTAIN;
	/* neither the kind of handset nor its serial number is all zeros */
	if (text.len >= 14 && (memcmp(text.p, "00000000", 8) == 0 || memcmp(text.p + 8, "000000", 6) == 0))
		return FILLER_CERTAIN;
	if (has_only(text, is_digit) && (text.len < 8 || text.len > 16))
		return FILLER_LIKELY;
	if (text.len == 15 && has_only(text, is_digit) && text.p[14] != '0' && !has_luhn_check(text))
		return FILLER_LIKELY;
	return FILLER_NOT;
}

/* --------------------------------------------------------------- e-mails */

/* Local parts that mean there is no address; digits may follow the longer ones. */
static const char *const no_locals[] = {
	"none", "no", "noemail", "noemailaddress", "nomail", "noreply", "donotreply", "dontreply", "unknown", "unk", "na", "nk", "nka",
	"notknown", "notgiven", "notprovided", "notsupplied", "notapplicable", "notavailable", "notstated", "declined", "refused", "withheld",
	"anonymous", "anon", "null", "nil", "nul", "undefined", "test", "testing", "tester", "testtest", "dummy", "fake", "nobody", "noone", "nowhere", "blank",
	"tbc", "tba", "tbd", "asdf", "asd", "asdfgh", "qwerty", "qwe", "xyz", "abc", "abcd", "email", "emailaddress", "youremail", "myemail", "notanemail", "notreal", "invalid", "nothing",
	"noaddress", "nocontact", "nonegiven", "noneprovided", "nonesupplied", "noemailgiven", "noemailprovided", "hasnoemail", "doesnothaveone", "doesnothaveemail",
	"someone", "somebody", "example", "user", "username", "customer", "client", "caller", "member", "public", "memberofpublic", "mop", "placeholder", "default", "bounce", "mailerdaemon", "keine", "kein", "aucun", "brak", "ninguno", "nessuno"};

/* Words in a local part that mean there is no address, whatever the domain. */
static bool
is_no_local(FillerText local)
{
	char plain[FILLER_FOLD_SIZE];
	FillerText word = {plain, 0};

	for (size_t i = 0; i < local.len; i++)
		if (local.p[i] != '.' && local.p[i] != '-' && local.p[i] != '_' && local.p[i] != '/' && local.p[i] != '+')
			plain[word.len++] = local.p[i];
	if (word.len == 0 || (is_repeated(word, 3) && !(word.len == 3 && same(word, "www"))) || is_run(word) ||
		(has_only(word, is_digit) && is_repeated(word, 1)))
		return true;
	/* none.none */
	if (word.len % 2 == 0 && memcmp(plain, plain + word.len / 2, word.len / 2) == 0)
		word.len /= 2;
	/* test1, none2 */
	while (word.len > 4 && is_digit(plain[word.len - 1]))
		word.len--;
	for (size_t i = 0; i < lengthof(no_locals); i++)
		if (same(word, no_locals[i]))
			return true;
	return false;
}

/* The same for a domain: the part before its first dot. */
static const char *const no_domains[] = {
	"none", "noemail", "no-email", "nomail", "no-mail", "noreply", "no-reply", "nowhere", "nobody", "notprovided", "notgiven", "notknown", "unknown", "na",
	"anonymous", "null", "noaddress", "nodomain", "undefined", "withheld", "refused", "declined", "invalid", "no", "nk", "xxx", "xx", "donotreply"};

/* Domains that mean there is no address, whatever the local part. */
static bool
is_no_domain(FillerText domain)
{
	static const char *const ends[] = {".invalid", ".none", ".noemail", ".null", ".unknown", ".na", ".local.invalid"};
	FillerText first = {domain.p, 0};

	while (first.len < domain.len && domain.p[first.len] != '.')
		first.len++;
	if (first.len == domain.len && same(domain, "localhost"))
		return true;
	for (size_t i = 0; i < lengthof(no_domains); i++)
		if (same(first, no_domains[i]))
			return true;
	for (size_t i = 0; i < lengthof(ends); i++)
	{
		size_t len = strlen(ends[i]);

		if (domain.len > len && memcmp(domain.p + domain.len - len, ends[i], len) == 0)
			return !(strcmp(ends[i], ".na") == 0); /* Namibia's */
	}
	return is_repeated(first, 3) && !same(first, "www");
}

FillerVerdict
filler_judge_email(FillerText text, const char *raw, size_t len)
{
	const char *at = memchr(text.p, '@', text.len);
	FillerText local = {text.p, 0};
	FillerText domain;
	FillerText first;

	if (at == NULL)
	{
		char room[FILLER_FOLD_SIZE];
		FillerText words = filler_fold_into(FILLER_TEXT, raw, len, room);

		/* a domain alone: gmail.com */
		while (words.len > 4 && memcmp(words.p + words.len - 4, " com", 4) == 0)
			words.len -= 4;
		if (words.len > 6 && memcmp(words.p + words.len - 6, " co uk", 6) == 0)
			words.len -= 6;
		return is_repeated(words, 2) || has_no_letter(words) ? FILLER_CERTAIN : filler_judge_words(words, FILLER_IN_EMAIL);
	}
	local.len = at - text.p;
	domain.p = at + 1;
	domain.len = text.p + text.len - domain.p;
	first.p = domain.p;
	first.len = 0;
	while (first.len < domain.len && domain.p[first.len] != '.')
		first.len++;
	if (domain.len == 0 || is_no_local(local) || is_no_domain(domain))
		return FILLER_CERTAIN;
	/* a@a.com, abc@abc.com, email@email.com */
	if (first.len == local.len && memcmp(first.p, local.p, local.len) == 0)
		return local.len <= 3 ? FILLER_CERTAIN : FILLER_NOT;
	/* a@b.com */
	return local.len == 1 && first.len == 1 ? FILLER_CERTAIN : FILLER_NOT;
}

/* --------------------------------------------------------------- listing */

/* The entries that are neither words nor phrases. */
void
filler_list_values(FillerPut put, void *arg)
{
	char value[FILLER_FOLD_SIZE];

	for (size_t i = 0; i < lengthof(dates); i++)
	{
		value[filler_fold_date(dates[i].date / 10000, dates[i].date / 100 % 100, dates[i].date % 100, value)] = '\0';
		put(arg, "date", value, dates[i].meaning);
	}
	for (size_t i = 0; i < lengthof(example_postcodes); i++)
		put(arg, "postcode", example_postcodes[i], "whole value");
	for (size_t i = 0; i < lengthof(known_imeis); i++)
		put(arg, "imei", known_imeis[i], "whole value");
	for (size_t i = 0; i < lengthof(no_locals); i++)
		put(arg, "email", no_locals[i], "before the @");
	for (size_t i = 0; i < lengthof(no_domains); i++)
		put(arg, "email", no_domains[i], "first part of the domain");
}
