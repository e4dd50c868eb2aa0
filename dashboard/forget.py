"""forget.py UUID...    delete charts and datasets from the Superset of script/dashboard

What an export no longer has stays in Superset after an import, and its charts
on the dashboard.  A dataset that somebody's own chart shows is kept.
"""
import sys
import uuid

from superset.app import create_app


def main(names):
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.slice import Slice

    for chart in db.session.query(Slice).filter(Slice.uuid.in_(names)):
        db.session.delete(chart)
    db.session.flush()
    for dataset in db.session.query(SqlaTable).filter(SqlaTable.uuid.in_(names)):
        if not db.session.query(Slice).filter_by(datasource_type='table', datasource_id=dataset.id).count():
            db.session.delete(dataset)
    db.session.commit()


if __name__ == '__main__':
    with create_app().app_context():
        main([uuid.UUID(name) for name in sys.argv[1:]])
