/*
 * What Tableau, Metabase, Looker and others see through JDBC: views and columns
 * with their comments, plain types, and every row.
 *
 *   java -cp postgresql.jar:. Metadata URL SCHEMA
 *
 * A line 'ok' or 'not ok' for each view and check, with the reason after '#'.
 */

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

public class Metadata {
	/* JDBC calls a timestamptz a TIMESTAMP, so the database's names count. */
	private static final Map<String, Class<?>> TAKEN = Map.of(
			"bool", Boolean.class, "int2", Integer.class, "int4", Integer.class, "int8", Long.class,
			"float8", Double.class, "text", String.class, "varchar", String.class, "date", Date.class,
			"timestamp", Timestamp.class, "numeric", BigDecimal.class);
	private static final Set<Integer> NOT_TAKEN = Set.of(
			Types.OTHER, Types.ARRAY, Types.STRUCT, Types.DISTINCT, Types.TIMESTAMP_WITH_TIMEZONE);

	private final Connection connection;
	private final String schema;
	private int tests;
	private int failures;

	private Metadata(Connection connection, String schema) {
		this.connection = connection;
		this.schema = schema;
	}

	private void report(String view, String what, List<String> complaints) {
		boolean failed = !complaints.isEmpty();

		tests++;
		failures += failed ? 1 : 0;
		System.out.printf("%s - %s.%s: %s%s%n", failed ? "not ok" : "ok", schema, view, what,
				failed ? " # " + String.join("; ", complaints).replace('\n', ' ') : "");
	}

	private static boolean empty(String text) {
		return text == null || text.isBlank();
	}

	/* The views, whose comments are not to be empty. */
	private List<String> views(DatabaseMetaData meta) throws SQLException {
		List<String> views = new ArrayList<>();

		try (ResultSet tables = meta.getTables(null, schema, "%", null)) {
			while (tables.next()) {
				String name = tables.getString("TABLE_NAME");
				List<String> complaints = new ArrayList<>();

				if (!"VIEW".equals(tables.getString("TABLE_TYPE"))) {
					complaints.add("is a " + tables.getString("TABLE_TYPE"));
				}
				if (empty(tables.getString("REMARKS"))) {
					complaints.add("has no comment");
				}
				report(name, "view", complaints);
				views.add(name);
			}
		}
		report("schema", "has views", views.isEmpty() ? List.of("none") : List.of());
		return views;
	}

	private List<String> columns(DatabaseMetaData meta, String view) throws SQLException {
		List<String> types = new ArrayList<>();
		List<String> complaints = new ArrayList<>();

		try (ResultSet columns = meta.getColumns(null, schema, view, "%")) {
			while (columns.next()) {
				String name = "column \"" + columns.getString("COLUMN_NAME") + "\"";
				String type = columns.getString("TYPE_NAME");

				types.add(type);
				if (!TAKEN.containsKey(type) || NOT_TAKEN.contains(columns.getInt("DATA_TYPE"))) {
					complaints.add(name + " has type " + type);
				}
				if (empty(columns.getString("REMARKS"))) {
					complaints.add(name + " has no comment");
				}
			}
		}
		if (types.isEmpty()) {
			complaints.add("no columns");
		}
		report(view, "columns", complaints);
		return types;
	}

	/* The number of rows; all their values come as what their type promises. */
	private int readRows(String view, List<String> types, List<String> complaints) throws SQLException {
		int rows = 0;

		try (Statement statement = connection.createStatement()) {
			statement.setFetchSize(500);
			try (ResultSet result = statement.executeQuery("SELECT * FROM \"" + schema + "\".\"" + view + "\"")) {
				for (; result.next(); rows++) {
					for (int i = 1; i <= types.size() && complaints.isEmpty(); i++) {
						Object value = result.getObject(i);
						Class<?> expected = TAKEN.get(types.get(i - 1));

						if (value != null && expected != null && !expected.isInstance(value)) {
							complaints.add("column " + i + " comes as " + value.getClass().getName());
						}
					}
				}
			}
		}
		return rows;
	}

	private void read(String view, List<String> types) throws SQLException {
		List<String> complaints = new ArrayList<>();
		int rows = 0;

		try {
			rows = readRows(view, types, complaints);
		} catch (SQLException e) {
			complaints.add(e.getMessage());
			connection.rollback();
		}
		report(view, "read", complaints);
		System.out.printf("# %s.%s: %d rows%n", schema, view, rows);
	}

	private boolean run() throws SQLException {
		DatabaseMetaData meta = connection.getMetaData();

		for (String view : views(meta)) {
			read(view, columns(meta, view));
		}
		System.out.printf("1..%d%n", tests);
		return failures == 0;
	}

	public static void main(String[] args) throws SQLException {
		try (Connection connection = DriverManager.getConnection(args[0])) {
			connection.setAutoCommit(false);	/* or all rows come at once */
			boolean good = new Metadata(connection, args[1]).run();
			connection.rollback();
			System.exit(good ? 0 : 1);
		}
	}
}
