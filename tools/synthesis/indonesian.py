"""The sentences of the Indonesian dev set, which are never trained on."""

from __future__ import annotations

SENTENCES: tuple[str, ...] = tuple(
    line.strip()
    for line in """
    Pagi itu kabut masih menyelimuti lereng gunung ketika rombongan pendaki mulai berjalan.
    Bapak penjual bubur ayam sudah mangkal di ujung gang sejak sebelum subuh.
    Kalau hujan turun lagi, kita berteduh saja di bawah jembatan penyeberangan.
    Vaksin demam berdarah kini tersedia di beberapa puskesmas provinsi.
    Ibu memotong bawang merah, menumbuk ketumbar, lalu menumis semuanya sampai harum.
    Syarat utama beasiswa khusus itu adalah nilai akhir di atas rata-rata.
    Nyonya Khadijah menyanyikan lagu keroncong dengan suara yang nyaring dan jernih.
    Mohon masukkan empat angka terakhir nomor kartu Anda, lalu tekan tanda pagar.
    Menteri perhubungan meresmikan jalur kereta cepat yang menghubungkan dua kota besar.
    Jangan terburu-buru, bus berikutnya baru berangkat pukul tujuh kurang sepuluh menit.
    Fotografer profesional itu memotret burung cenderawasih di pedalaman Papua.
    Apakah paket saya sudah sampai di gudang Surabaya?
    Belum, Pak, paketnya masih tertahan di bandara karena cuaca buruk.
    Harga cabai rawit melonjak hampir dua kali lipat menjelang Lebaran.
    Kakek suka bercerita tentang perjuangan para pahlawan di zaman penjajahan.
    Kerbau-kerbau itu berkubang di sungai yang keruh sepanjang siang.
    Program magister psikologi klinis dibuka kembali pada bulan September.
    Sepuluh ribu pelari mengikuti lomba maraton melewati kompleks candi Prambanan.
    Siapa yang meninggalkan payung kuning di ruang rapat kemarin sore?
    Pulau kecil itu hanya dihuni oleh dua puluh lima kepala keluarga.
    Setiap Jumat malam, pemuda kampung bermusyawarah di balai desa.
    Maaf, saya tidak mendengar dengan jelas, bisakah Anda mengulanginya?
    Struktur bangunan tua tersebut terbuat dari kayu jati dan batu bata.
    Anak kembar itu mempunyai kebiasaan yang sangat berbeda.
    Film dokumenter tentang terumbu karang memenangkan penghargaan internasional.
    Total tagihan listrik bulan ini tiga ratus empat puluh delapan ribu lima ratus rupiah.
    Pembangunan bendungan diperkirakan selesai pada pertengahan tahun dua ribu dua puluh delapan.
    Adik menangis karena balonnya terbang tertiup angin kencang.
    Wah, sambalnya pedas sekali, tolong ambilkan air minum!
    Petugas pemadam kebakaran berhasil menjinakkan api dalam waktu setengah jam.
    Para pengungsi membutuhkan selimut, obat-obatan, dan makanan siap saji.
    Ekspor rempah-rempah ke Eropa meningkat sebesar enam koma tiga persen.
    Saya lebih suka naik sepeda daripada terjebak macet di jalan protokol.
    Perpustakaan keliling itu singgah di sekolah kami sebulan sekali.
    Dokter menyarankan agar pasien memperbanyak istirahat dan mengurangi garam.
    Selamat siang, dengan Fajar dari layanan pelanggan, ada yang bisa kami bantu?
    Nama lengkap saya Yohanes Pangaribuan, lahir di Balige, tanggal delapan belas Mei.
    Pohon beringin di tengah alun-alun berumur lebih dari dua abad.
    Ketika lampu padam, warga beramai-ramai menyalakan lilin.
    Ombak besar menghempas perahu nelayan hingga terbalik.
    Kami menyesal harus memberitahukan bahwa pertunjukan malam ini dibatalkan.
    Tukang cukur itu pandai melucu sehingga pelanggannya tak pernah bosan.
    Bagaimana pendapat Anda mengenai perubahan jadwal ini?
    Klub sepak bola kebanggaan kota kami akhirnya promosi ke liga utama.
    Engkau boleh pergi asalkan pulang sebelum azan magrib.
    Mahasiswa baru diwajibkan mengunggah pasfoto dan fotokopi ijazah.
    Aroma kopi tubruk memenuhi seluruh ruangan.
    Pemerintah daerah membebaskan pajak bagi usaha mikro yang terdampak banjir.
    Gadis penari itu mengenakan selendang hijau dan mahkota bunga kamboja.
    Nenek moyang orang Bugis terkenal sebagai pelaut ulung.
    Keterlambatan pengiriman disebabkan oleh kerusakan mesin kapal.
    Tolong bungkuskan tiga potong martabak telur untuk dibawa pulang.
    Sejujurnya, aku khawatir ujian fisika besok sulit sekali.
    Jembatan gantung sepanjang seratus dua puluh meter itu bergoyang diterpa angin.
    Hasil survei menunjukkan bahwa separuh responden belum mempunyai asuransi.
    Bunga bangkai hanya mekar beberapa hari, lalu layu dan membusuk.
    Permisi, di mana letak pintu keluar menuju tempat parkir?
    Lurus saja, Kak, lalu belok kiri setelah apotek.
    Dalang wayang kulit itu memainkan puluhan tokoh semalam suntuk.
    Dahulu bemo dan becak memenuhi jalan-jalan ibu kota.
    Harimau sumatra terancam punah akibat perburuan dan penebangan hutan.
    Cucunya sibuk bermain gawai, bukan mendengarkan dongeng.
    Obat ini diminum tiga kali sehari sesudah makan.
    Sekretaris menyusun notulen rapat dan mengirimkannya lewat surel.
    Pabrik tekstil itu memberhentikan ratusan buruh tanpa pesangon.
    Langit senja di Labuan Bajo berwarna jingga keunguan.
    Sebaiknya kita memesan tiket pulang-pergi dari sekarang.
    Proses verifikasi akun Anda akan memakan waktu kurang lebih dua hari kerja.
    Kebersihan lingkungan merupakan tanggung jawab kita bersama.
    Si kancil yang cerdik berhasil menipu sekawanan buaya.
    Gubernur mengimbau masyarakat agar tetap tenang dan waspada.
    Ayah memperbaiki atap rumah yang bocor sambil bersiul.
    Suku bunga kredit pemilikan rumah diturunkan menjadi lima koma tujuh lima persen.
    Baiklah, pesanan nomor sembilan nol empat satu sudah kami batalkan.
    Terima kasih banyak atas kesabaran Bapak, semoga sore Anda menyenangkan.
    """.splitlines()
    if line.strip()
)
