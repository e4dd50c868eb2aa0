# engage: build, install and test with PGXS.
#   make                build
#   make install        install both extensions
#   make installcheck   pg_regress against a running server
#   script/test         everything, on a server of its own
# To build in another directory, use make -f DIRECTORY/Makefile there.

SOURCE := $(or $(VPATH),$(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST)))))

EXTENSION   = engage engage_demo
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(SOURCE)/engage.control)
DEMOVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(SOURCE)/engage_demo.control)

MODULE_big = engage
C_FOLDERS  = src $(addprefix src/,core core/time core/stats core/identity toolkit register)
C_FILES   := $(sort $(wildcard $(C_FOLDERS:%=$(SOURCE)/%/*.c)))
CXX_FILES := $(sort $(wildcard $(C_FOLDERS:%=$(SOURCE)/%/*.cpp)))
H_FILES   := $(sort $(wildcard $(C_FOLDERS:%=$(SOURCE)/%/*.h)))
OBJS       = $(C_FILES:$(SOURCE)/%.c=%.o) $(CXX_FILES:$(SOURCE)/%.cpp=%.o)

PG_CPPFLAGS = -I$(SOURCE)/src -DENGAGE_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -O2 -fvisibility=hidden -Wextra -Wno-unused-parameter -Wno-sign-compare $(if $(WERROR),-Werror)
PG_CXXFLAGS = -O2 -fvisibility=hidden -Wextra $(if $(WERROR),-Werror)
SHLIB_LINK  = -lphonenumber -lstdc++

# The install scripts: the parts of one folder after the other, and in a folder
# in the order of their names, those that begin with a number first.
SQL_LAYERS  = base toolkit register identity risk dashboards last
SQL_PARTS  := $(foreach layer,$(SQL_LAYERS),$(sort $(wildcard $(SOURCE)/src/sql/$(layer)/*.sql)))
DEMO_PARTS := $(sort $(wildcard $(SOURCE)/src/demo/*.sql))
INSTALL_SQL = engage--$(EXTVERSION).sql
DEMO_SQL    = engage_demo--$(DEMOVERSION).sql
DATA_built = $(INSTALL_SQL) $(DEMO_SQL)
DATA       = $(patsubst $(SOURCE)/%,%,$(sort $(wildcard $(SOURCE)/src/sql/upgrade/engage--*.sql)))

# A name for what library and install script were made from, which health()
# compares: the same sources give the same name, in any place and at any time.
BUILD := $(shell cat $(SOURCE)/engage.control $(SQL_PARTS) $(C_FILES) $(CXX_FILES) $(H_FILES) | sha256sum | cut -c1-12)
BUILD_H = engage_build.h

# pg_regress: sql/NAME.sql against expected/NAME.out
REGRESS      = $(patsubst $(SOURCE)/sql/%.sql,%,$(sort $(wildcard $(SOURCE)/sql/*.sql)))
REGRESS_OPTS = --load-extension=engage --encoding=UTF8 --no-locale

EXTRA_CLEAN = $(INSTALL_SQL) $(DEMO_SQL) $(BUILD_H)

PG_CONFIG ?= pg_config

# the core checks itself where the server does
PG_CPPFLAGS += $(if $(findstring --enable-cassert,$(shell $(PG_CONFIG) --configure)),-DENGAGE_ASSERTS)

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# Sources alone are looked for where they are, not what was built beside them.
override srcdir := $(SOURCE)
override VPATH  :=
vpath %.c $(SOURCE)
vpath %.cpp $(SOURCE)
vpath %.control $(SOURCE)
$(shell mkdir -p $(C_FOLDERS))

# Install parts create; they never replace what may not be ours, nor skip it.
refuse_replace = @! grep -nEi 'OR +REPLACE|(TABLE|INDEX|SCHEMA|SEQUENCE|VIEW|COLUMN|VALUE|EXTENSION|STATISTICS) +IF +NOT +EXISTS' $(1) || \
	{ echo 'install parts must create, never replace or skip' >&2; exit 1; }

$(INSTALL_SQL): $(SQL_PARTS) $(SOURCE)/engage.control $(SOURCE)/Makefile $(BUILD_H)
	$(call refuse_replace,$(SQL_PARTS))
	sed 's/@ENGAGE_BUILD@/$(BUILD)/' $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

$(DEMO_SQL): $(DEMO_PARTS) $(SOURCE)/engage_demo.control $(SOURCE)/Makefile
	$(call refuse_replace,$(DEMO_PARTS))
	cat $(DEMO_PARTS) > $@.tmp && mv $@.tmp $@

# changes when the name of the build does
$(BUILD_H): FORCE
	@echo '#define ENGAGE_BUILD "$(BUILD)"' > $@.tmp
	@if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi
FORCE:
.PHONY: FORCE
src/engage.o src/engage.bc: $(BUILD_H)

# every object is rebuilt when a shared header changes
$(OBJS): $(H_FILES)
