"""Documents on paper: what stands on them, printers and the Report Inbox, and the print jobs that go there."""
