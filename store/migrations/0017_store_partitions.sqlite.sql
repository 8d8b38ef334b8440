-- Nothing: the embedded engine has no partitions, and its one user is the service's.
SELECT 1;
