/*-------------------------------------------------------------------------
 * text.h
 *	  Characters of ASCII, whatever the locale, and of UTF-8.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What text_decode() adds to a byte that is not UTF-8. */
#define NOT_UTF8 0x110000

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_letter(char c)
{
	return is_lower(c) || is_upper(c);
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char
to_lower(char c)
{
	return is_upper(c) ? (char) (c - 'A' + 'a') : c;
}

static inline char
to_upper(char c)
{
	return is_lower(c) ? (char) (c - 'a' + 'A') : c;
}

/* Whether a byte continues a character of UTF-8. */
static inline bool
text_follows(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* One character of len > 0 bytes, or one byte that is not part of a valid one.  Returns its length. */
static inline size_t
text_decode(const char *text, size_t len, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *) text;

	*code = s[0];
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xC2 && s[0] <= 0xDF && len >= 2 && text_follows(s[1]))
	{
		*code = (uint32_t) (s[0] & 0x1F) << 6 | (s[1] & 0x3F);
		return 2;
	}
	if ((s[0] & 0xF0) == 0xE0 && len >= 3 && text_follows(s[1]) && text_follows(s[2]))
	{
		*code = (uint32_t) (s[0] & 0x0F) << 12 | (uint32_t) (s[1] & 0x3F) << 6 | (s[2] & 0x3F);
		if (*code >= 0x800 && (*code < 0xD800 || *code > 0xDFFF))
			return 3;
	}
	if (s[0] >= 0xF0 && s[0] <= 0xF4 && len >= 4 && text_follows(s[1]) && text_follows(s[2]) && text_follows(s[3]))
	{
		*code = (uint32_t) (s[0] & 0x07) << 18 | (uint32_t) (s[1] & 0x3F) << 12 |
				(uint32_t) (s[2] & 0x3F) << 6 | (s[3] & 0x3F);
		if (*code >= 0x10000 && *code <= 0x10FFFF)
			return 4;
	}
	*code = NOT_UTF8 + s[0];
	return 1;
}

#endif /* TEXT_H */
