"""The business of Postroom: company, documents, posting, jobs, import, verify. Knows no screen and no queue engine."""
