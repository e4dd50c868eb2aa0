/*-------------------------------------------------------------------------
 * phone.cpp
 *	  The only file that touches libphonenumber.
 *
 * No C++ exception leaves it, and nothing in it can longjmp: it includes no
 * header of PostgreSQL and calls nothing of it.  Results are copied into the
 * caller's memory.
 *-------------------------------------------------------------------------
 */
#include <cstring>
#include <new>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumber.pb.h>
#include <phonenumbers/phonenumberutil.h>

extern "C"
{
#include "core/identity/phone.h"
}

using i18n::phonenumbers::PhoneNumberUtil;
using LibraryNumber = i18n::phonenumbers::PhoneNumber;

namespace
{

PhoneNumberUtil *
make_library()
{
	PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();

	/* by default it logs to standard output */
	util->SetLogger(new i18n::phonenumbers::NullLogger());
	return util;
}

/*
 * The library's one instance, made at the first call in a process that needs
 * it (about 4 ms), so never in the postmaster.  If that throws, the next call
 * tries again.
 */
PhoneNumberUtil &
library()
{
	static PhoneNumberUtil *instance = make_library();

	return *instance;
}

PhoneKind
kind_of(PhoneNumberUtil::PhoneNumberType type)
{
	switch (type)
	{
		case PhoneNumberUtil::FIXED_LINE:
			return PHONE_FIXED;
		case PhoneNumberUtil::MOBILE:
			return PHONE_MOBILE;
		case PhoneNumberUtil::TOLL_FREE:
			return PHONE_FREEPHONE;
		case PhoneNumberUtil::PREMIUM_RATE:
			return PHONE_PREMIUM;
		case PhoneNumberUtil::SHARED_COST:
			return PHONE_SHARED_COST;
		case PhoneNumberUtil::VOIP:
			return PHONE_VOIP;
		case PhoneNumberUtil::PERSONAL_NUMBER:
			return PHONE_PERSONAL;
		case PhoneNumberUtil::PAGER:
			return PHONE_PAGER;
		case PhoneNumberUtil::UAN:
		case PhoneNumberUtil::VOICEMAIL:
			return PHONE_UAN;
		default:
			return PHONE_FIXED_OR_MOBILE;
	}
}

/* The status for an exception; only to be called while one is handled */
PhoneStatus
status_of_exception() noexcept
{
	try
	{
		throw;
	}
	catch (const std::bad_alloc &)
	{
		return PHONE_NO_MEMORY;
	}
	catch (...)
	{
		return PHONE_LIBRARY_FAILED;
	}
}

/* Reads text, and gives the number in E.164 form; false if there is no number */
bool
read_number(const std::string &text, const std::string &region, LibraryNumber *number,
			std::string *e164)
{
	const PhoneNumberUtil &util = library();

	if (util.Parse(text, region, number) != PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	util.Format(*number, PhoneNumberUtil::E164, e164);
	return e164->size() < PHONE_E164_SIZE;
}

/*
 * The library takes prefixes off the numbers of some countries (Mexico) and
 * off unassigned ones even in E.164 form.  So its result is read again until
 * it no longer changes: one line must not have two numbers.
 */
bool
read_settled_number(const char *digits, const std::string &region, LibraryNumber *number,
					std::string *e164)
{
	if (!read_number(digits, region, number, e164))
		return false;

	for (int attempt = 0; attempt < 3; attempt++)
	{
		const std::string before = *e164;

		if (!read_number(before, region, number, e164))
			return false;
		if (*e164 == before)
			return true;
	}
	return false;
}

void
parse(const char *digits, const char *region, PhoneParsed *result)
{
	const PhoneNumberUtil &util = library();
	LibraryNumber number;
	std::string e164;

	if (!read_settled_number(digits, region, &number, &e164))
		return;

	PhoneNumberUtil::PhoneNumberType type = util.GetNumberType(number);

	result->calling_code = number.country_code();
	result->possible = util.IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE;
	result->valid = type != PhoneNumberUtil::UNKNOWN;
	result->kind = kind_of(type);
	std::memcpy(result->e164, e164.c_str(), e164.size() + 1);
	result->parsed = true;
}

} /* namespace */

/*
 * phone_region_calling_code
 *	  Calling code of a two-letter country, such as 33 for FR.
 */
PhoneStatus
phone_region_calling_code(const char *region, int *calling_code)
{
	try
	{
		*calling_code = library().GetCountryCodeForRegion(region);
		return *calling_code == 0 ? PHONE_UNKNOWN_REGION : PHONE_OK;
	}
	catch (...)
	{
		*calling_code = 0;
		return status_of_exception();
	}
}

/*
 * phone_library_parse
 *	  Reads digits, with or without a leading '+', as dialled in region.
 */
PhoneStatus
phone_library_parse(const char *digits, const char *region, PhoneParsed *result)
{
	std::memset(result, 0, sizeof(*result));
	try
	{
		parse(digits, region, result);
		return PHONE_OK;
	}
	catch (...)
	{
		return status_of_exception();
	}
}
