"""A run as a Provenance Run Crate: what each job read and wrote, when, with which software, as archives and other programs read it.

RO-Crate 1.1 with the profiles Process, Workflow and Provenance Run Crate 0.5 [1]_ [2]_. Nothing in it is a path of a machine, a name of a
file outside the run's folder, or an id: what the run was given is told by the part it plays and by its hash.

References
----------
.. [1] Soiland-Reyes et al. (2022), Packaging research artefacts with RO-Crate. Data Science, 5, 97-138.
.. [2] Leo et al. (2024), Recording provenance of workflow runs with RO-Crate. PLOS ONE, 19, e0309210.
"""
