"""The demo province: invented people, companies, authorities and halls, put in by the rooms' own doors."""
