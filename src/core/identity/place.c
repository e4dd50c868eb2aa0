/*-------------------------------------------------------------------------
 * place.c
 *	  How much of a place a text gives: a whole one, or a part.
 *
 * A postcode is recognised by its form.  So is an address, as far as form
 * goes: it needs a house, by number or name, and the name of its place.  A
 * list of words says what is not such a name: counties, towns, kinds of
 * street, the streets that every town has, shops, words before or after a
 * number that is not a house number.  Any other word is a name.
 *-------------------------------------------------------------------------
 */
#include "core/identity/place.h"

#include <string.h>

#include "core/identity/similarity.h"
#include "core/text.h"

/* ------------------------------------------------------------- postcodes */

#define MAX_POSTCODE 7

/* Letters at the start of a postcode; letters alone are not a postcode. */
static size_t
area_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_upper(text[n]))
		n++;
	return n;
}

/* Letters in upper case and digits, and how many of them the last gap follows. */
static size_t
keep_letters_and_digits(const char *raw, size_t len, char *out, size_t outsize, size_t *gap)
{
	size_t n = 0;
	size_t last = 0;

	*gap = 0;
	for (size_t i = 0; i < len && n < outsize; i++)
	{
		char c = to_upper(raw[i]);

		if (!is_upper(c) && !is_digit(c))
		{
			last = n;
			continue;
		}
		out[n++] = c;
		*gap = last;
	}
	return n;
}

static bool
is_district(const char *text, size_t len)
{
	PostcodeParts parts;

	return similarity_postcode_parts(text, len, &parts) && parts.unit[0] == '\0';
}

static bool
is_unit(const char *text, size_t len)
{
	PostcodeParts parts;

	return similarity_postcode_parts(text, len, &parts) && parts.unit[0] != '\0';
}

static bool
is_one_letter(const char *text, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (text[i] != text[0])
			return false;
	return area_length(text, len) == len;
}

/* Whether only letters follow a district after a gap: ME14 Kent. */
static bool
is_district_and_letters(const char *text, size_t len, size_t gap)
{
	return gap > 0 && gap < len && is_district(text, gap) && area_length(text + gap, len - gap) == len - gap;
}

/* The length of a district that is followed by one letter, repeated or not: ME14XXX; 0 for none. */
static size_t
district_before_letters(const char *text, size_t len)
{
	for (size_t n = len < 4 ? len : 4; n >= 2; n--)
		if (is_district(text, n) && is_one_letter(text + n, len - n))
			return n;
	return 0;
}

/* Where a postcode starts that other words precede; len if there is none. */
static size_t
postcode_after_words(const char *text, size_t len, size_t gap)
{
	for (size_t n = MAX_POSTCODE; n >= 5; n--)
		if (n < len && is_unit(text + len - n, n))
			return len - n;
	return gap > 0 && is_district(text + gap, len - gap) ? gap : len;
}

/* No country's postcodes have four letters in a row, but the British forces' do. */
static bool
is_words(const char *text, size_t len)
{
	size_t start = len > 4 && memcmp(text, "BFPO", 4) == 0 ? 4 : 0;

	for (size_t i = start; i + 4 <= len; i++)
		if (area_length(text + i, 4) == 4)
			return true;
	return false;
}

/* Letters and digits of a postcode as the part that they are: its length, with a blank before the digit of a sector. */
static size_t
set_part(char *text, size_t len, size_t gap, size_t outsize)
{
	size_t area = area_length(text, len);
	size_t outward = len - 1;

	if (area == len)
		return len <= 2 ? len : 0;
	if (len <= 2 && area == 0)
		return 0;
	if (is_district_and_letters(text, len, gap))
		return gap;
	if (is_unit(text, len))
		return len;
	if (len > MAX_POSTCODE || is_words(text, len))
	{
		size_t start = postcode_after_words(text, len, gap);

		memmove(text, text + start, len - start);
		if (start < len)
			return len - start;
		outward = district_before_letters(text, len);
		return outward > 0 ? outward : is_words(text, len) ? 0 :
															 len;
	}
	/* a sector, and the first of its two letters */
	if (is_upper(text[outward]) && is_digit(text[outward - 1]))
		outward--;
	if (is_district(text, len) && (gap <= area || gap != len - 1))
		return len;
	if (is_digit(text[outward]) && is_district(text, outward) && outward + 2 <= outsize)
	{
		text[outward + 1] = text[outward];
		text[outward] = ' ';
		return outward + 2;
	}
	outward = district_before_letters(text, len);
	return outward > 0 ? outward : len;
}

/*
 * A postcode as it is compared: letters and digits, in upper case.  For a part
 * of a postcode this is the part: ME, ME14, or with a blank ME14 1.  Its
 * length; 0 if it is not a postcode, as for words.
 */
size_t
place_postcode_key(const char *raw, size_t len, char *out, size_t outsize)
{
	size_t gap;
	size_t n = keep_letters_and_digits(raw, len, out, outsize, &gap);

	return n == 0 ? 0 : set_part(out, n, gap, outsize);
}

/* The kind of a key made by place_postcode_key(). */
PlacePostcode
place_postcode(const char *key, size_t len)
{
	if (len == 0)
		return PLACE_NO_POSTCODE;
	if (memchr(key, ' ', len) != NULL)
		return PLACE_SECTOR;
	if (area_length(key, len) == len)
		return PLACE_AREA;
	return is_district(key, len) ? PLACE_DISTRICT : PLACE_UNIT;
}

/* Area, district and sector of a key, as far as it has them. */
static void
parts_of_key(const char *key, size_t len, PostcodeParts *parts)
{
	memset(parts, 0, sizeof(*parts));
	if (place_postcode(key, len) == PLACE_SECTOR)
	{
		similarity_postcode_parts(key, len - 2, parts);
		memcpy(parts->sector, key, len);
	}
	else if (!similarity_postcode_parts(key, len, parts))
	{
		/* a unit with an error in its inward code still has a district */
		if (len <= 3 || !is_district(key, len - 3) || !similarity_postcode_parts(key, len - 3, parts))
			memcpy(parts->area, key, area_length(key, len) <= 2 ? area_length(key, len) : 0);
	}
}

static bool
same_part(const char *a, const char *b)
{
	return a[0] != '\0' && strcmp(a, b) == 0;
}

/* The smallest part that two keys agree on, up to the sector. */
PlacePostcode
place_postcode_in_common(const char *a, size_t alen, const char *b, size_t blen)
{
	PostcodeParts x;
	PostcodeParts y;

	parts_of_key(a, alen, &x);
	parts_of_key(b, blen, &y);
	if (same_part(x.sector, y.sector))
		return PLACE_SECTOR;
	if (same_part(x.district, y.district))
		return PLACE_DISTRICT;
	return same_part(x.area, y.area) ? PLACE_AREA : PLACE_NO_POSTCODE;
}

/* ------------------------------------------------------------- addresses */

/* What a word is in an address.  A word that is on no list is a name. */
#define TOWN 1 /* a town, county or country, after which a street may be named */
#define TYPE 2 /* a kind of street */
#define COMMON 4 /* a name of streets in every town */
#define HOUSE 8 /* a kind of building that has a name */
#define UNIT 16 /* a word before the number of a flat */
#define POINT 32 /* words before a number that is not a house number */
#define MEASURE 64 /* words after a number that is not a house number */
#define NOUN 128 /* a place of any kind, a shop, a filler word */

/* clang-format off */
static const struct
{
	const char *word;
	int classes;
} words[] = {
	{"a", NOUN}, {"aberdeen", TOWN}, {"aberdeenshire", TOWN}, {"aberystwyth", TOWN}, {"abode", NOUN},
	{"above", NOUN}, {"academy", NOUN}, {"addr", NOUN}, {"address", NOUN}, {"ae", NOUN}, {"after", NOUN},
	{"age", POINT}, {"aged", POINT}, {"airport", NOUN}, {"albert", COMMON}, {"aldershot", TOWN}, {"aldi", NOUN},
	{"alexandra", COMMON}, {"alley", TYPE}, {"along", NOUN}, {"altrincham", TOWN}, {"am", MEASURE}, {"an", NOUN},
	{"and", NOUN}, {"andover", TOWN}, {"anglesey", TOWN}, {"angus", TOWN}, {"antrim", TOWN}, {"apartment", UNIT},
	{"apartments", HOUSE}, {"approach", TYPE}, {"appt", UNIT}, {"apt", UNIT}, {"area", NOUN}, {"arena", NOUN},
	{"argos", NOUN}, {"argyll", TOWN}, {"armagh", TOWN}, {"around", NOUN}, {"asda", NOUN}, {"ashford", TOWN},
	{"at", NOUN}, {"atm", NOUN}, {"av", TYPE}, {"ave", TYPE}, {"avenue", TYPE}, {"avon", TOWN}, {"aylesbury", TOWN},
	{"ayr", TOWN}, {"ayrshire", TOWN}, {"back", NOUN}, {"bakery", NOUN}, {"banbury", TOWN}, {"bangor", TOWN},
	{"bank", NOUN | TYPE}, {"bar", NOUN}, {"barber", NOUN}, {"barbers", NOUN}, {"barclays", NOUN},
	{"bargains", NOUN}, {"barking", TOWN}, {"barn", HOUSE}, {"barnet", TOWN}, {"barnsley", TOWN},
	{"barnstaple", TOWN}, {"barrow", TOWN}, {"basement", NOUN}, {"basildon", TOWN}, {"basingstoke", TOWN},
	{"bath", TOWN}, {"batley", TOWN}, {"bay", POINT}, {"beach", NOUN}, {"bed", UNIT}, {"bedford", TOWN},
	{"bedfordshire", TOWN}, {"bedroom", MEASURE}, {"bedrooms", MEASURE}, {"beds", MEASURE | TOWN}, {"bedsit", UNIT},
	{"before", NOUN}, {"behind", NOUN}, {"belfast", TOWN}, {"below", NOUN}, {"berks", TOWN}, {"berkshire", TOWN},
	{"berth", UNIT}, {"beside", NOUN}, {"betting", NOUN}, {"between", NOUN}, {"bexley", TOWN}, {"bexleyheath", TOWN},
	{"birkenhead", TOWN}, {"birmingham", TOWN}, {"blackburn", TOWN}, {"blackpool", TOWN}, {"block", NOUN},
	{"bm", NOUN}, {"bnb", NOUN}, {"boat", NOUN}, {"bolton", TOWN}, {"bookies", NOUN}, {"bootle", TOWN},
	{"boots", NOUN}, {"borough", NOUN}, {"bottom", NOUN}, {"boulevard", TYPE}, {"bournemouth", TOWN},
	{"box", NOUN | POINT}, {"bp", NOUN}, {"bq", NOUN}, {"bracknell", TOWN}, {"bradford", TOWN}, {"brae", TYPE},
	{"braintree", TOWN}, {"brentford", TOWN}, {"brentwood", TOWN}, {"bridge", COMMON}, {"bridgend", TOWN},
	{"bridgwater", TOWN}, {"brighton", TOWN}, {"bristol", TOWN}, {"britain", TOWN}, {"british", TOWN},
	{"broadway", TYPE}, {"bromley", TOWN}, {"buckinghamshire", TOWN}, {"bucks", TOWN}, {"budgens", NOUN},
	{"building", NOUN}, {"buildings", NOUN}, {"bungalow", HOUSE}, {"burnley", TOWN}, {"burton", TOWN},
	{"bury", TOWN}, {"bus", NOUN | POINT}, {"buses", NOUN}, {"business", NOUN}, {"butchers", NOUN}, {"by", NOUN},
	{"bypass", TYPE}, {"cad", POINT}, {"cafe", NOUN}, {"caller", NOUN}, {"camberley", TOWN}, {"cambridge", TOWN},
	{"cambridgeshire", TOWN}, {"cambs", TOWN}, {"campus", NOUN}, {"canal", NOUN}, {"canterbury", TOWN},
	{"car", NOUN}, {"caravan", UNIT}, {"cardiff", TOWN}, {"carlisle", TOWN}, {"carlton", TOWN},
	{"carmarthenshire", TOWN}, {"carpark", NOUN}, {"cars", NOUN}, {"cash", NOUN}, {"cashpoint", NOUN},
	{"casualty", NOUN}, {"cell", POINT}, {"center", NOUN}, {"central", NOUN}, {"centre", NOUN}, {"ceredigion", TOWN},
	{"chapel", COMMON}, {"chase", TYPE}, {"chatham", TOWN}, {"chelmsford", TOWN}, {"cheltenham", TOWN},
	{"chemist", NOUN}, {"cheshire", TOWN}, {"chester", TOWN}, {"chesterfield", TOWN}, {"chichester", TOWN},
	{"chippy", NOUN}, {"chorley", TOWN}, {"church", COMMON | NOUN}, {"cinema", NOUN}, {"circus", TYPE},
	{"city", NOUN}, {"cl", TYPE}, {"clacton", TOWN}, {"cleveland", TOWN}, {"clinic", NOUN}, {"close", TYPE},
	{"club", NOUN}, {"clwyd", TOWN}, {"co", NOUN}, {"coach", NOUN | POINT}, {"colchester", TOWN}, {"college", NOUN},
	{"common", TYPE}, {"conwy", TOWN}, {"coop", NOUN}, {"corby", TOWN}, {"corner", NOUN}, {"cornwall", TOWN},
	{"costa", NOUN}, {"costcutter", NOUN}, {"cottage", HOUSE}, {"cottages", HOUSE}, {"council", NOUN},
	{"country", NOUN}, {"county", NOUN}, {"court", HOUSE | NOUN | TYPE}, {"courts", NOUN}, {"coventry", TOWN},
	{"crawley", TOWN}, {"cres", TYPE}, {"crescent", TYPE}, {"crewe", TOWN}, {"croft", TYPE}, {"cromwell", COMMON},
	{"crossing", TYPE}, {"crown", NOUN}, {"croydon", TOWN}, {"ct", TYPE}, {"cumberland", TOWN}, {"cumbria", TOWN},
	{"currys", NOUN}, {"custody", NOUN | POINT}, {"cwmbran", TOWN}, {"cycle", NOUN}, {"darlington", TOWN},
	{"dartford", TOWN}, {"days", MEASURE}, {"deal", TOWN}, {"debenhams", NOUN}, {"dell", TYPE},
	{"denbighshire", TOWN}, {"dene", TYPE}, {"dentist", NOUN}, {"derby", TOWN}, {"derbyshire", TOWN},
	{"derry", TOWN}, {"devon", TOWN}, {"dewsbury", TOWN}, {"district", NOUN}, {"dock", NOUN}, {"docks", NOUN},
	{"doctors", NOUN}, {"dominos", NOUN}, {"doncaster", TOWN}, {"dorchester", TOWN}, {"dorking", TOWN},
	{"dorset", TOWN}, {"dover", TOWN}, {"downs", TYPE}, {"dr", TYPE}, {"drive", TYPE}, {"dual", POINT},
	{"dudley", TOWN}, {"dumfries", TOWN}, {"dundee", TOWN}, {"dunfermline", TOWN}, {"durham", TOWN}, {"dyfed", TOWN},
	{"ealing", TOWN}, {"east", COMMON}, {"eastbourne", TOWN}, {"eastleigh", TOWN}, {"edgware", TOWN},
	{"edinburgh", TOWN}, {"embankment", TYPE}, {"end", NOUN | TYPE}, {"enfield", TOWN}, {"england", TOWN},
	{"epsom", TOWN}, {"esher", TOWN}, {"esplanade", TYPE}, {"essex", TOWN}, {"esso", NOUN}, {"estate", NOUN},
	{"exeter", TOWN}, {"exit", POINT}, {"express", NOUN}, {"extra", NOUN}, {"factory", NOUN}, {"fair", TYPE},
	{"falkirk", TOWN}, {"falmouth", TOWN}, {"fareham", TOWN}, {"farm", HOUSE}, {"farmhouse", HOUSE},
	{"farnborough", TOWN}, {"farnham", TOWN}, {"faversham", TOWN}, {"felixstowe", TOWN}, {"female", NOUN},
	{"fermanagh", TOWN}, {"field", TYPE}, {"fields", TYPE}, {"fife", TOWN}, {"filling", NOUN}, {"first", NOUN},
	{"fixed", NOUN}, {"fl", UNIT}, {"flat", UNIT}, {"flats", UNIT}, {"fleet", TOWN}, {"flintshire", TOWN},
	{"floor", UNIT}, {"fold", TYPE}, {"folkestone", TOWN}, {"footpath", NOUN}, {"for", NOUN}, {"forest", NOUN},
	{"fourth", NOUN}, {"from", NOUN}, {"front", NOUN}, {"garage", NOUN}, {"garden", TYPE}, {"gardens", TYPE},
	{"garth", TYPE}, {"gate", POINT | TYPE}, {"gateshead", TOWN}, {"gb", TOWN}, {"gdns", TYPE}, {"george", COMMON},
	{"gillingham", TOWN}, {"given", NOUN}, {"glamorgan", TOWN}, {"glasgow", TOWN}, {"glos", TOWN},
	{"gloucester", TOWN}, {"gloucestershire", TOWN}, {"gosport", TOWN}, {"gp", NOUN}, {"grampian", TOWN},
	{"grange", COMMON | HOUSE}, {"grantham", TOWN}, {"gravesend", TOWN}, {"grays", TOWN}, {"great", TOWN},
	{"green", COMMON | TYPE}, {"greenock", TOWN}, {"greenwich", TOWN}, {"greggs", NOUN}, {"grimsby", TOWN},
	{"ground", NOUN}, {"grounds", NOUN}, {"grove", COMMON | TYPE}, {"guernsey", TOWN}, {"guest", NOUN},
	{"guildford", TOWN}, {"gwent", TOWN}, {"gwynedd", TOWN}, {"gym", NOUN}, {"halesowen", TOWN}, {"halfords", NOUN},
	{"halifax", NOUN | TOWN}, {"hall", HOUSE}, {"hamilton", TOWN}, {"hamlet", NOUN}, {"hampshire", TOWN},
	{"hants", TOWN}, {"harbour", NOUN}, {"harlow", TOWN}, {"harrogate", TOWN}, {"harrow", TOWN},
	{"hartlepool", TOWN}, {"hastings", TOWN}, {"hatfield", TOWN}, {"havant", TOWN}, {"havering", TOWN},
	{"headquarters", NOUN}, {"heath", TYPE}, {"heights", HOUSE}, {"hemel", TOWN}, {"hempstead", TOWN},
	{"here", NOUN}, {"hereford", TOWN}, {"herefordshire", TOWN}, {"herne", TOWN}, {"hertford", TOWN},
	{"hertfordshire", TOWN}, {"herts", TOWN}, {"high", COMMON}, {"highfield", COMMON}, {"highland", TOWN},
	{"highlands", TOWN}, {"highway", TYPE}, {"hill", COMMON | TYPE}, {"hillingdon", TOWN}, {"hitchin", TOWN},
	{"hmp", NOUN}, {"holiday", NOUN}, {"home", NOUN}, {"homebargains", NOUN}, {"homebase", NOUN}, {"homeless", NOUN},
	{"horsham", TOWN}, {"hospice", NOUN}, {"hospital", NOUN}, {"hostel", NOUN}, {"hotel", NOUN}, {"hounslow", TOWN},
	{"hour", MEASURE}, {"hours", MEASURE}, {"house", HOUSE | NOUN}, {"hove", TOWN}, {"hq", NOUN}, {"hr", MEASURE},
	{"hrs", MEASURE}, {"hsbc", NOUN}, {"huddersfield", TOWN}, {"hull", TOWN}, {"humberside", TOWN},
	{"huntingdon", TOWN}, {"huntingdonshire", TOWN}, {"hythe", TOWN}, {"ibis", NOUN}, {"iceland", NOUN},
	{"ikea", NOUN}, {"ilford", TOWN}, {"in", NOUN}, {"incident", POINT}, {"industrial", NOUN}, {"infant", NOUN},
	{"infirmary", NOUN}, {"inn", NOUN}, {"inside", NOUN}, {"into", NOUN}, {"inverness", TOWN}, {"ipswich", TOWN},
	{"ireland", TOWN}, {"island", TOWN}, {"islands", TOWN}, {"isle", TOWN}, {"isles", TOWN}, {"islington", TOWN},
	{"j", POINT}, {"jcn", POINT}, {"jct", POINT}, {"jersey", TOWN}, {"jet", NOUN}, {"jn", POINT}, {"junc", POINT},
	{"junction", POINT}, {"junior", NOUN}, {"keighley", TOWN}, {"kent", TOWN}, {"kettering", TOWN}, {"keynes", TOWN},
	{"kfc", NOUN}, {"kidderminster", TOWN}, {"kilmarnock", TOWN}, {"king", COMMON}, {"kingdom", TOWN},
	{"kings", COMMON}, {"kingsway", TYPE}, {"kiosk", NOUN}, {"kirkcaldy", TOWN}, {"km", MEASURE}, {"known", NOUN},
	{"lake", NOUN}, {"lambeth", TOWN}, {"lanarkshire", TOWN}, {"lancashire", TOWN}, {"lancaster", TOWN},
	{"lancs", TOWN}, {"lane", TYPE}, {"layby", POINT}, {"leamington", TOWN}, {"leas", TYPE}, {"leeds", TOWN},
	{"leicester", TOWN}, {"leicestershire", TOWN}, {"leics", TOWN}, {"leigh", TOWN}, {"leisure", NOUN},
	{"letchworth", TOWN}, {"level", POINT}, {"lewisham", TOWN}, {"library", NOUN}, {"lichfield", TOWN},
	{"lidl", NOUN}, {"lidls", NOUN}, {"lift", POINT}, {"lincoln", TOWN}, {"lincolnshire", TOWN}, {"lincs", TOWN},
	{"line", POINT}, {"lisburn", TOWN}, {"littlehampton", TOWN}, {"liverpool", TOWN}, {"livingston", TOWN},
	{"llandudno", TOWN}, {"llanelli", TOWN}, {"lloyds", NOUN}, {"ln", TYPE}, {"loan", TYPE}, {"local", NOUN},
	{"location", NOUN}, {"lodge", HOUSE}, {"log", POINT}, {"londis", NOUN}, {"london", COMMON | TOWN},
	{"londonderry", TOWN}, {"lorry", NOUN}, {"lothian", TOWN}, {"loughborough", TOWN}, {"lower", NOUN},
	{"lowestoft", TOWN}, {"luton", TOWN}, {"m", MEASURE}, {"macclesfield", TOWN}, {"magistrates", NOUN},
	{"maidenhead", TOWN}, {"maidstone", TOWN}, {"main", COMMON}, {"maisonette", UNIT}, {"male", NOUN},
	{"mall", NOUN}, {"man", TOWN}, {"manchester", COMMON | TOWN}, {"mands", NOUN}, {"manor", COMMON | HOUSE},
	{"mansfield", TOWN}, {"mansion", HOUSE}, {"mansions", HOUSE}, {"margate", TOWN}, {"market", COMMON},
	{"marks", NOUN}, {"mcdonald", NOUN}, {"mcdonalds", NOUN}, {"mead", TYPE}, {"meadow", TYPE}, {"meadows", TYPE},
	{"medway", TOWN}, {"merseyside", TOWN}, {"merthyr", TOWN}, {"metre", MEASURE}, {"metres", MEASURE},
	{"metro", NOUN}, {"mews", TYPE}, {"middle", NOUN}, {"middlesbrough", TOWN}, {"middlesex", TOWN}, {"middx", TOWN},
	{"midlands", TOWN}, {"mile", MEASURE}, {"miles", MEASURE}, {"mill", COMMON | HOUSE}, {"milton", TOWN},
	{"min", MEASURE}, {"mins", MEASURE}, {"minute", MEASURE}, {"minutes", MEASURE}, {"miss", NOUN},
	{"mobile", POINT}, {"monmouthshire", TOWN}, {"months", MEASURE}, {"moray", TOWN}, {"morecambe", TOWN},
	{"morrisons", NOUN}, {"mosque", NOUN}, {"motel", NOUN}, {"motorway", POINT}, {"mount", TYPE}, {"mr", NOUN},
	{"mrs", NOUN}, {"ms", NOUN}, {"museum", NOUN}, {"mway", POINT}, {"na", NOUN}, {"nandos", NOUN},
	{"nationwide", NOUN}, {"natwest", NOUN}, {"near", NOUN}, {"nearby", NOUN}, {"neath", TOWN}, {"new", COMMON},
	{"newark", TOWN}, {"newbury", TOWN}, {"newcastle", TOWN}, {"newham", TOWN}, {"newport", TOWN}, {"newquay", TOWN},
	{"newry", TOWN}, {"newsagent", NOUN}, {"newsagents", NOUN}, {"next", NOUN}, {"nfa", NOUN}, {"nightclub", NOUN},
	{"nil", NOUN}, {"nisa", NOUN}, {"nk", NOUN}, {"nka", NOUN}, {"no", NOUN}, {"none", NOUN}, {"norfolk", TOWN},
	{"north", COMMON}, {"northampton", TOWN}, {"northamptonshire", TOWN}, {"northants", TOWN}, {"northern", TOWN},
	{"northumberland", TOWN}, {"northwich", TOWN}, {"norwich", TOWN}, {"nos", NOUN}, {"not", NOUN},
	{"nottingham", TOWN}, {"nottinghamshire", TOWN}, {"notts", TOWN}, {"nr", NOUN}, {"null", NOUN}, {"num", NOUN},
	{"number", NOUN}, {"nuneaton", TOWN}, {"nursery", NOUN}, {"oast", HOUSE}, {"of", NOUN}, {"off", NOUN},
	{"office", NOUN}, {"offices", NOUN}, {"offlicence", NOUN}, {"old", COMMON}, {"oldham", TOWN}, {"on", NOUN},
	{"onto", NOUN}, {"op", NOUN}, {"opp", NOUN}, {"opposite", NOUN}, {"orchard", TYPE}, {"orkney", TOWN},
	{"out", NOUN}, {"outside", NOUN}, {"over", NOUN}, {"oxford", TOWN}, {"oxfordshire", TOWN}, {"oxon", TOWN},
	{"paignton", TOWN}, {"paisley", TOWN}, {"parade", TYPE}, {"parish", NOUN}, {"park", COMMON | NOUN | TYPE},
	{"parking", NOUN}, {"passage", TYPE}, {"past", NOUN}, {"path", NOUN | TYPE}, {"pembrokeshire", TOWN},
	{"penzance", TOWN}, {"people", MEASURE}, {"persons", MEASURE}, {"perth", TOWN}, {"perthshire", TOWN},
	{"peterborough", TOWN}, {"petrol", NOUN}, {"pharmacy", NOUN}, {"phone", NOUN | POINT}, {"pier", NOUN},
	{"pitch", UNIT}, {"pl", TYPE}, {"place", NOUN | TYPE}, {"platform", POINT}, {"play", NOUN}, {"playground", NOUN},
	{"plot", UNIT}, {"plymouth", TOWN}, {"pm", MEASURE}, {"pobox", POINT}, {"point", HOUSE | NOUN}, {"police", NOUN},
	{"pontefract", TOWN}, {"poole", TOWN}, {"port", NOUN}, {"portsmouth", TOWN}, {"post", NOUN}, {"postcode", NOUN},
	{"poundland", NOUN}, {"poundstretcher", NOUN}, {"powys", TOWN}, {"precinct", NOUN}, {"premier", NOUN},
	{"preston", TOWN}, {"primark", NOUN}, {"primary", NOUN}, {"prison", NOUN}, {"private", NOUN},
	{"promenade", TYPE}, {"pub", NOUN}, {"public", NOUN}, {"quay", TYPE}, {"queen", COMMON}, {"queens", COMMON},
	{"queensway", TYPE}, {"rail", NOUN}, {"railway", NOUN}, {"rainham", TOWN}, {"ramsgate", TOWN}, {"rd", TYPE},
	{"reading", TOWN}, {"rear", NOUN}, {"rectory", HOUSE}, {"redbridge", TOWN}, {"redcar", TOWN}, {"redditch", TOWN},
	{"redhill", TOWN}, {"ref", POINT}, {"reference", POINT}, {"refused", NOUN}, {"region", NOUN}, {"reigate", TOWN},
	{"renfrewshire", TOWN}, {"restaurant", NOUN}, {"retail", NOUN}, {"rhyl", TOWN}, {"richmond", COMMON | TOWN},
	{"ridge", TYPE}, {"rise", TYPE}, {"river", NOUN}, {"rm", UNIT}, {"road", TYPE}, {"rochdale", TOWN},
	{"rochester", TOWN}, {"romford", TOWN}, {"room", UNIT}, {"rotherham", TOWN}, {"rough", NOUN},
	{"roundabout", NOUN}, {"route", POINT}, {"row", TYPE}, {"rugby", TOWN}, {"runcorn", TOWN}, {"rutland", TOWN},
	{"ryde", TOWN}, {"sainsbury", NOUN}, {"sainsburys", NOUN}, {"sale", TOWN}, {"salford", TOWN},
	{"salisbury", TOWN}, {"salon", NOUN}, {"salop", TOWN}, {"same", NOUN}, {"santander", NOUN},
	{"scarborough", TOWN}, {"school", COMMON | NOUN}, {"scotland", TOWN}, {"screwfix", NOUN}, {"scunthorpe", TOWN},
	{"sea", NOUN}, {"seafront", NOUN}, {"second", NOUN}, {"secondary", NOUN}, {"see", NOUN}, {"service", NOUN},
	{"services", POINT}, {"sevenoaks", TOWN}, {"sheerness", TOWN}, {"sheffield", TOWN}, {"shell", NOUN},
	{"sheppey", TOWN}, {"shetland", TOWN}, {"shop", NOUN}, {"shopping", NOUN}, {"shops", NOUN}, {"shrewsbury", TOWN},
	{"shropshire", TOWN}, {"side", NOUN | TYPE}, {"site", NOUN}, {"sittingbourne", TOWN}, {"sleeper", NOUN},
	{"sleeping", NOUN}, {"slip", POINT}, {"slough", TOWN}, {"smethwick", TOWN}, {"smiths", NOUN}, {"snodland", TOWN},
	{"sofa", NOUN}, {"solihull", TOWN}, {"somerset", TOWN}, {"somewhere", NOUN}, {"south", COMMON},
	{"southall", TOWN}, {"southampton", TOWN}, {"southend", TOWN}, {"southport", TOWN}, {"southwark", TOWN},
	{"spalding", TOWN}, {"spar", NOUN}, {"spencer", NOUN}, {"spoons", NOUN}, {"sports", NOUN},
	{"springfield", COMMON}, {"sq", TYPE}, {"square", TYPE}, {"st", TYPE}, {"stadium", NOUN}, {"stafford", TOWN},
	{"staffordshire", TOWN}, {"staffs", TOWN}, {"staines", TOWN}, {"stalybridge", TOWN}, {"stanley", COMMON},
	{"starbucks", NOUN}, {"station", COMMON | NOUN}, {"stations", NOUN}, {"stevenage", TOWN}, {"stirling", TOWN},
	{"stockport", TOWN}, {"stockton", TOWN}, {"stoke", TOWN}, {"stop", POINT}, {"store", NOUN}, {"stores", NOUN},
	{"stourbridge", TOWN}, {"str", TYPE}, {"strand", TYPE}, {"stratford", TOWN}, {"strathclyde", TOWN},
	{"street", TYPE}, {"strood", TOWN}, {"stroud", TOWN}, {"studio", UNIT}, {"subway", NOUN}, {"suffolk", TOWN},
	{"suite", UNIT}, {"sunderland", TOWN}, {"superdrug", NOUN}, {"supermarket", NOUN}, {"superstore", NOUN},
	{"surfing", NOUN}, {"surgery", NOUN}, {"surrey", TOWN}, {"sussex", TOWN}, {"sutton", TOWN}, {"swale", TOWN},
	{"swansea", TOWN}, {"swindon", TOWN}, {"synagogue", NOUN}, {"takeaway", NOUN}, {"tamworth", TOWN},
	{"taunton", TOWN}, {"taxi", NOUN}, {"tayside", TOWN}, {"tba", NOUN}, {"tbc", NOUN}, {"tel", POINT},
	{"telephone", POINT}, {"telford", TOWN}, {"temple", NOUN}, {"tent", NOUN}, {"ter", TYPE}, {"terminal", POINT},
	{"terr", TYPE}, {"terrace", TYPE}, {"tesco", NOUN}, {"tescos", NOUN}, {"texaco", NOUN}, {"thanet", TOWN},
	{"the", COMMON | NOUN}, {"theatre", NOUN}, {"there", NOUN}, {"third", NOUN}, {"thurrock", TOWN}, {"to", NOUN},
	{"tonbridge", TOWN}, {"toolstation", NOUN}, {"top", NOUN}, {"torbay", TOWN}, {"torquay", TOWN},
	{"tottenham", TOWN}, {"towards", NOUN}, {"tower", HOUSE}, {"towers", HOUSE}, {"town", NOUN}, {"track", TYPE},
	{"trade", NOUN}, {"trading", NOUN}, {"train", NOUN | POINT}, {"travelodge", NOUN}, {"trowbridge", TOWN},
	{"truro", TOWN}, {"tsb", NOUN}, {"tube", NOUN}, {"tunbridge", TOWN}, {"twickenham", TOWN}, {"tyne", TOWN},
	{"tyrone", TOWN}, {"uk", TOWN}, {"under", NOUN}, {"underground", NOUN}, {"uni", NOUN}, {"unit", UNIT},
	{"united", TOWN}, {"university", NOUN}, {"unk", NOUN}, {"unknown", NOUN}, {"unspecified", NOUN}, {"upper", NOUN},
	{"vale", TYPE}, {"van", NOUN}, {"various", NOUN}, {"vehicle", NOUN}, {"vicarage", HOUSE}, {"victoria", COMMON},
	{"view", TYPE}, {"villa", HOUSE}, {"village", NOUN}, {"villas", HOUSE}, {"waitrose", NOUN}, {"wakefield", TOWN},
	{"wales", TOWN}, {"walk", TYPE}, {"wallasey", TOWN}, {"walsall", TOWN}, {"waltham", TOWN}, {"walthamstow", TOWN},
	{"wandsworth", TOWN}, {"ward", NOUN | POINT}, {"warehouse", NOUN}, {"warks", TOWN}, {"warrington", TOWN},
	{"warwick", TOWN}, {"warwickshire", TOWN}, {"watford", TOWN}, {"way", TYPE}, {"wear", TOWN},
	{"wellingborough", TOWN}, {"wells", TOWN}, {"welwyn", TOWN}, {"west", COMMON}, {"westminster", TOWN},
	{"westmorland", TOWN}, {"weston", TOWN}, {"wetherspoon", NOUN}, {"wetherspoons", NOUN}, {"weymouth", TOWN},
	{"wharf", TYPE}, {"whitby", TOWN}, {"whitehaven", TOWN}, {"whitstable", TOWN}, {"whsmith", NOUN},
	{"wickes", NOUN}, {"widnes", TOWN}, {"wigan", TOWN}, {"wight", TOWN}, {"wilkinsons", NOUN}, {"wilko", NOUN},
	{"wilts", TOWN}, {"wiltshire", TOWN}, {"wimbledon", TOWN}, {"winchester", TOWN}, {"windsor", COMMON | TOWN},
	{"with", NOUN}, {"withheld", NOUN}, {"within", NOUN}, {"woking", TOWN}, {"wokingham", TOWN},
	{"wolverhampton", TOWN}, {"wood", NOUN}, {"woods", NOUN}, {"worcester", TOWN}, {"worcestershire", TOWN},
	{"worcs", TOWN}, {"workington", TOWN}, {"worksop", TOWN}, {"worthing", TOWN}, {"wrexham", TOWN}, {"wynd", TYPE},
	{"xxx", NOUN}, {"xxxx", NOUN}, {"yard", TYPE}, {"yards", MEASURE}, {"year", MEASURE}, {"years", MEASURE},
	{"yeovil", TOWN}, {"york", COMMON | TOWN}, {"yorks", TOWN}, {"yorkshire", TOWN}, {"yrs", MEASURE}
};

/* clang-format on */

#define NWORDS (sizeof(words) / sizeof(words[0]))

/* For tests: the list must be sorted, because it is searched by halves. */
bool
place_words_are_sorted(void)
{
	for (size_t i = 1; i < NWORDS; i++)
		if (strcmp(words[i - 1].word, words[i].word) >= 0)
			return false;
	return true;
}

/* A word as words.word would be before, at or after it. */
static int
compare_word(const char *text, size_t len, const char *word)
{
	size_t wordlen = strlen(word);
	int order = memcmp(text, word, len < wordlen ? len : wordlen);

	return order != 0 ? order : (len > wordlen) - (len < wordlen);
}

static int
classes_of(const char *text, size_t len)
{
	size_t low = 0;
	size_t high = NWORDS;

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		int order = compare_word(text, len, words[middle].word);

		if (order == 0)
			return words[middle].classes;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

/* One word of an address. */
typedef struct Word
{
	const char *text;
	size_t len;
	int classes;
	bool is_number; /* one to four digits, with a letter after them or not */
	bool is_name; /* at least three letters that are on no list */
} Word;

static bool
is_number(const char *text, size_t len)
{
	size_t digits = 0;
	bool not_zero = false;

	while (digits < len && is_digit(text[digits]))
		not_zero |= text[digits++] != '0';
	return not_zero && digits <= 4 && len - digits <= 1;
}

static bool
has_digit(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_digit(text[i]))
			return true;
	return false;
}

/* The next word of an address key; false at its end. */
static bool
next_word(const char **rest, const char *end, Word *word)
{
	while (*rest < end && **rest == ' ')
		(*rest)++;
	word->text = *rest;
	while (*rest < end && **rest != ' ')
		(*rest)++;
	word->len = *rest - word->text;
	word->classes = classes_of(word->text, word->len);
	word->is_number = is_number(word->text, word->len);
	word->is_name = word->classes == 0 && word->len > 2 && !has_digit(word->text, word->len);
	return word->len > 0;
}

static bool
is_the(const Word *word)
{
	return word->len == 3 && memcmp(word->text, "the", 3) == 0;
}

/* Whether a word can be the name of a street or house whose kind is the next word. */
static bool
can_name(const Word *word)
{
	return word->is_name || (word->classes & (TOWN | COMMON | TYPE)) != 0;
}

/* 9aa after a word with a digit: the end of a postcode. */
static bool
ends_postcode(const Word *before, const Word *word)
{
	return word->len == 3 && is_digit(word->text[0]) && !is_digit(word->text[1]) && !is_digit(word->text[2]) &&
		   before->len >= 2 && before->len <= 4 && !is_digit(before->text[0]) && has_digit(before->text, before->len);
}

/* The parts of an address. */
typedef struct Found
{
	int names;
	int streets; /* kinds of street with a name */
	int houses; /* kinds of building with a name */
	int either; /* both at once, as a court */
	bool number; /* of a house */
	bool unit; /* a number of a flat */
} Found;

static void
add_word(Found *found, const Word *before, const Word *word)
{
	bool named = can_name(before);

	found->names += word->is_name || ends_postcode(before, word);
	if (word->classes & TYPE)
		found->streets += named || is_the(before);
	if (word->classes & HOUSE)
		found->houses += named;
	if ((word->classes & TYPE) && (word->classes & HOUSE))
		found->either += named;
}

static Found
look_through(const char *key, size_t len)
{
	const char *rest = key;
	Found found = {0};
	Word before = {key, 0, 0, false, false};
	Word word = before;
	Word after = before;
	bool more = next_word(&rest, key + len, &word);

	while (more)
	{
		more = next_word(&rest, key + len, &after);
		if (!word.is_number)
			add_word(&found, &before, &word);
		else if (before.classes & UNIT)
			found.unit = true;
		else if (!(before.classes & POINT) && !(more && (after.classes & MEASURE)))
			found.number = true;
		before = word;
		word = after;
	}
	return found;
}

/* The part of an address that a text has; the text is a key of similarity_name_key(). */
PlaceAddress
place_address(const char *key, size_t len)
{
	Found found = look_through(key, len);

	if (found.number && (found.names > 0 || found.streets > 0 || found.houses > 0))
		return PLACE_HOUSE;
	if (found.unit && (found.names > 0 || found.houses > 0))
		return PLACE_HOUSE;
	/* a house with a name, and its street or its village */
	if (found.houses > 0 && found.streets > 0 && found.houses + found.streets - found.either >= 2)
		return PLACE_HOUSE;
	if (found.houses > found.either && found.names >= 2)
		return PLACE_HOUSE;
	return found.names > 0 ? PLACE_STREET : PLACE_NO_ADDRESS;
}

/* Whether a text names a street, whatever its name. */
bool
place_names_street(const char *key, size_t len)
{
	return look_through(key, len).streets > 0;
}

static bool
are_one_name(const Word *a, const Word *b)
{
	if (a->len == b->len && memcmp(a->text, b->text, a->len) == 0)
		return true;
	return a->len > 4 && b->len > 4 && similarity_damerau_levenshtein(a->text, a->len, b->text, b->len, 1) <= 1;
}

/* Whether two addresses have a name in common, possibly with a typing error. */
bool
place_addresses_share_name(const char *a, size_t alen, const char *b, size_t blen)
{
	const char *rest = a;
	Word word;

	while (next_word(&rest, a + alen, &word))
	{
		const char *others = b;
		Word other;

		while (word.is_name && next_word(&others, b + blen, &other))
			if (other.is_name && are_one_name(&word, &other))
				return true;
	}
	return false;
}
