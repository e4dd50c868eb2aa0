# engage: build, install and test with PGXS.
#   make                build
#   make install        install both extensions
#   make installcheck   pg_regress against a running server
#   script/test         everything, on a server of its own

EXTENSION   = engage engage_demo
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" engage.control)
DEMOVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" engage_demo.control)

MODULE_big = engage
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c))) \
             $(patsubst %.cpp,%.o,$(sort $(wildcard src/*.cpp)))

PG_CPPFLAGS = -I$(srcdir)/src -DENGAGE_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -O2 -fvisibility=hidden -Wextra -Wno-unused-parameter -Wno-sign-compare $(if $(WERROR),-Werror)
PG_CXXFLAGS = -O2 -fvisibility=hidden -Wextra $(if $(WERROR),-Werror)
SHLIB_LINK  = -lphonenumber -lstdc++

# The install scripts: numbered parts, concatenated in name order.
SQL_PARTS  = $(sort $(wildcard src/sql/[0-9]*.sql))
DEMO_PARTS = $(sort $(wildcard src/demo/[0-9]*.sql))
INSTALL_SQL = engage--$(EXTVERSION).sql
DEMO_SQL    = engage_demo--$(DEMOVERSION).sql
DATA_built = $(INSTALL_SQL) $(DEMO_SQL)
DATA       = $(sort $(wildcard src/sql/upgrade/engage--*.sql))

# pg_regress: sql/NAME.sql against expected/NAME.out
REGRESS      = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --load-extension=engage --encoding=UTF8 --no-locale

EXTRA_CLEAN = $(INSTALL_SQL) $(DEMO_SQL)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Install parts create; they never replace what may not be ours, nor skip it.
refuse_replace = @! grep -nEi 'OR +REPLACE|(TABLE|INDEX|SCHEMA|SEQUENCE|VIEW|COLUMN|VALUE|EXTENSION|STATISTICS) +IF +NOT +EXISTS' $(1) || \
	{ echo 'install parts must create, never replace or skip' >&2; exit 1; }

$(INSTALL_SQL): $(SQL_PARTS) engage.control Makefile
	$(call refuse_replace,$(SQL_PARTS))
	cat $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

$(DEMO_SQL): $(DEMO_PARTS) engage_demo.control Makefile
	$(call refuse_replace,$(DEMO_PARTS))
	cat $(DEMO_PARTS) > $@.tmp && mv $@.tmp $@

# every object is rebuilt when a shared header changes
$(OBJS): $(wildcard src/*.h)
