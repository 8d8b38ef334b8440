"""The demo province: invented people, companies, authorities and halls, put in through the rooms' own doors."""
